#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "base/progress.h"

namespace mj::cli {

/// Shows progress on standard error: a line that is overwritten on a terminal, a line for each finished stage
/// elsewhere.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(bool quiet);
  ProgressPrinter(const ProgressPrinter&) = delete;
  ProgressPrinter& operator=(const ProgressPrinter&) = delete;
  /// Clears the unfinished line.
  ~ProgressPrinter();

  ProgressCallback callback();

 private:
  void show(const Progress& progress);
  void clear_line();

  bool quiet_;
  bool terminal_;
  bool line_open_ = false;
  std::string stage_;
  std::chrono::steady_clock::time_point stage_start_;
  std::chrono::steady_clock::time_point last_shown_;
};

/// Turns the first SIGINT or SIGTERM into a stop request; the second ends the program at once. Create before
/// any thread.
std::stop_token stop_on_signals();

/// `text` with control characters other than line breaks replaced by '?': names from files cannot disturb a
/// terminal.
std::string printable_lines(std::string text);

/// Writes `text` to `destination`, standard output where it is "-".
void write_output(const std::string& destination, const std::string& text);

}  // namespace mj::cli
