#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace mj::cli {

/// Exit codes of the program.
enum ExitCode { done = 0, fault = 1, bad_usage = 2, bad_input = 3, target_missed = 4, interrupted = 130 };

/// A sub-command's work; returns the exit code.
using Command = std::function<int()>;

/// Each adds its sub-command to `app` and stores in `chosen` what to run when it is named.
void add_estimate(CLI::App& app, Command& chosen);
void add_eval(CLI::App& app, Command& chosen);
/// @param command_line how the program was called, for the message that names the command that goes on
void add_prune(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line);
void add_compare(CLI::App& app, Command& chosen);
void add_hw(CLI::App& app, Command& chosen);

}  // namespace mj::cli
