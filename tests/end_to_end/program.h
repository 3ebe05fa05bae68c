#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What a run of the program left.
struct ProgramRun {
  int exit_code = -1;  ///< -1 where a signal ended it
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// What happens to a run from outside.
struct Disturbance {
  std::string interrupt_at;  ///< SIGINT once standard error has a line that holds this
  std::optional<std::chrono::milliseconds> kill_after;  ///< SIGKILL
  std::optional<std::size_t> largest_file;  ///< in bytes; a write beyond it fails as on a full disk
};

/// Runs `mj` with the arguments as they are (no shell), in `folder`.
ProgramRun run_mj(const std::vector<std::string>& arguments, const std::filesystem::path& folder = ".",
                  const Disturbance& disturbance = {});

/// The network that comes with the program.
std::string example_network();

bool has_fashion_mnist();
