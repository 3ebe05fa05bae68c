#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigaction is POSIX
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/files.h"

namespace mj::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto shortest_interval = std::chrono::milliseconds(100);
constexpr int bar_cells = 24;
constexpr int exit_interrupted = 130;

/// From the signal handler, which may do little more than write, to the thread that asks for a stop. (Waiting
/// for signals in that thread does not do: numerical libraries start threads before main, and those would
/// receive them unblocked.)
std::array<int, 2> signal_pipe{};
volatile std::sig_atomic_t signals_received = 0;

void receive_signal(int /*signal*/) {
  if (signals_received != 0) {
    _exit(exit_interrupted);
  }
  signals_received = 1;
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = write(signal_pipe[1], &byte, 1);
}

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
  if (!started && pipe2(signal_pipe.data(), O_CLOEXEC) == 0) {
    started = true;
    std::thread([] {
      char byte = 0;
      while (read(signal_pipe[0], &byte, 1) < 0) {
      }
      source.request_stop();
    }).detach();
    struct sigaction action {};
    action.sa_handler = receive_signal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
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

std::string printable_lines(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) {
        const auto byte = static_cast<unsigned char>(letter);
        return (byte < 0x20U && letter != '\n') || byte == 0x7FU;
      },
      '?');
  return text;
}

}  // namespace mj::cli
