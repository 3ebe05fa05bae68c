#include "end_to_end/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace {

/// Reads both pipes to their ends; interrupts `child` when `line` has been seen.
void read_both(int out, int err, ProgramRun& run, pid_t child, const std::string& line) {
  std::array<pollfd, 2> pipes{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  bool sent = line.empty();
  int open = 2;
  while (open > 0) {
    poll(pipes.data(), pipes.size(), -1);
    for (std::size_t i = 0; i < pipes.size(); ++i) {
      if (pipes[i].fd < 0 || pipes[i].revents == 0) {
        continue;
      }
      std::array<char, 4096> buffer{};
      const ssize_t count = read(pipes[i].fd, buffer.data(), buffer.size());
      if (count <= 0) {
        pipes[i].fd = -1;
        --open;
        continue;
      }
      (i == 0 ? run.output : run.errors).append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (!sent && run.errors.find(line) != std::string::npos) {
      kill(child, SIGINT);
      sent = true;
    }
  }
}

}  // namespace

ProgramRun run_mj_and_interrupt(const std::vector<std::string>& arguments, const std::string& line,
                                const std::filesystem::path& folder) {
  std::vector<std::string> words{MJ_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  int out[2];
  int err[2];
  ProgramRun run;
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    return run;
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (chdir(folder.c_str()) == 0) {
      execv(argv[0], argv.data());
    }
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  read_both(out[0], err[0], run, child, line);
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(child, &status, 0);
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

ProgramRun run_mj(const std::vector<std::string>& arguments, const std::filesystem::path& folder) {
  return run_mj_and_interrupt(arguments, "", folder);
}

std::string example_network() {
  return MJ_SOURCE_DIR "/examples/fashion_mnist/network.onnx";
}

bool has_fashion_mnist() {
  return std::filesystem::exists("/usr/share/datasets/fashion-mnist");
}
