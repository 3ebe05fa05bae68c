#include "end_to_end/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill is POSIX
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace {

using Clock = std::chrono::steady_clock;
constexpr Clock::time_point never = Clock::time_point::max();

/// Milliseconds for poll; -1: forever.
int time_left(Clock::time_point deadline) {
  if (deadline == never) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left, 0));
}

/// Reads both pipes to their ends and disturbs `child` on the way.
void read_both(int out, int err, ProgramRun& run, pid_t child, const Disturbance& disturbance) {
  std::array<pollfd, 2> pipes{{{out, POLLIN, 0}, {err, POLLIN, 0}}};
  Clock::time_point deadline = disturbance.kill_after ? Clock::now() + *disturbance.kill_after : never;
  bool sent = disturbance.interrupt_at.empty();
  int open = 2;
  while (open > 0) {
    if (poll(pipes.data(), pipes.size(), time_left(deadline)) == 0) {
      kill(child, SIGKILL);
      deadline = never;
    }
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
    if (!sent && run.errors.find(disturbance.interrupt_at) != std::string::npos) {
      kill(child, SIGINT);
      sent = true;
    }
  }
}

/// Never returns.
void become_mj(std::vector<std::string> words, const std::filesystem::path& folder,
               const Disturbance& disturbance) {
  if (disturbance.largest_file) {
    const rlimit limit{*disturbance.largest_file, *disturbance.largest_file};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);  // so that write() fails instead
  }
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  if (chdir(folder.c_str()) == 0) {
    execv(argv[0], argv.data());
  }
  _exit(127);
}

}  // namespace

ProgramRun run_mj(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                  const Disturbance& disturbance) {
  std::vector<std::string> words{MJ_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
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
    become_mj(std::move(words), folder, disturbance);
  }
  close(out[1]);
  close(err[1]);
  read_both(out[0], err[0], run, child, disturbance);
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(child, &status, 0);
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return run;
}

std::string example_network() {
  return MJ_SOURCE_DIR "/examples/fashion_mnist/network.onnx";
}

bool has_fashion_mnist() {
  return std::filesystem::exists("/usr/share/datasets/fashion-mnist");
}
