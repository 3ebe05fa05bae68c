#include "cli/terminal.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigwait is POSIX
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "base/files.h"

namespace mj::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto shortest_interval = std::chrono::milliseconds(100);
constexpr int bar_cells = 24;
constexpr int exit_interrupted = 130;

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds);
  return whole < 60 ? fmt::format("{} s", whole) : fmt::format("{}:{:02} min", whole / 60, whole % 60);
}

}  // namespace

ProgressPrinter::ProgressPrinter(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressPrinter::~ProgressPrinter() {
  clear_line();
}

ProgressCallback ProgressPrinter::callback() {
  return [this](const Progress& progress) { show(progress); };
}

void ProgressPrinter::show(const Progress& progress) {
  if (quiet_) {
    return;
  }
  const auto now = Clock::now();
  if (progress.stage != stage_) {
    stage_ = progress.stage;
    stage_start_ = now;
    last_shown_ = {};
  }
  if (progress.stage_ended) {
    clear_line();
    fmt::print(stderr, "{}: {}\n", progress.stage, progress.detail);
    std::fflush(stderr);
    return;
  }
  if (!terminal_ || now - last_shown_ < shortest_interval) {
    return;
  }
  last_shown_ = now;
  const int cells = static_cast<int>(progress.fraction * bar_cells);
  const double elapsed = std::chrono::duration<double>(now - stage_start_).count();
  std::string left;
  if (progress.fraction > 0.02 && elapsed > 1) {
    left = duration_text(elapsed * (1 / progress.fraction - 1)) + " left";
  }
  fmt::print(stderr, "\r\033[K{} [{:<{}}] {:3.0f} % {} {}", progress.stage, std::string(cells, '#'),
             bar_cells, progress.fraction * 100, left, progress.detail);
  std::fflush(stderr);
  line_open_ = true;
}

void ProgressPrinter::clear_line() {
  if (line_open_) {
    fmt::print(stderr, "\r\033[K");
    line_open_ = false;
  }
}

std::stop_token stop_on_signals() {
  static std::stop_source source;
  static bool started = false;
  if (!started) {
    started = true;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals] {
      int received = 0;
      sigwait(&signals, &received);
      source.request_stop();
      sigwait(&signals, &received);
      _exit(exit_interrupted);
    }).detach();
  }
  return source.get_token();
}

void write_output(const std::string& destination, const std::string& text) {
  if (destination != "-") {
    write_file_atomically(destination, text);
    return;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace mj::cli
