#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// What a run of the program left.
struct ProgramRun {
  int exit_code = -1;
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// Runs `mj` with the arguments as they are (no shell), in `folder`.
ProgramRun run_mj(const std::vector<std::string>& arguments, const std::filesystem::path& folder = ".");

/// The same, and sends SIGINT once standard error has a line that holds `line`.
ProgramRun run_mj_and_interrupt(const std::vector<std::string>& arguments, const std::string& line,
                                const std::filesystem::path& folder = ".");

/// The network that comes with the program.
std::string example_network();

bool has_fashion_mnist();
