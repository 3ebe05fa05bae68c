#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "workflow/run_state.h"

namespace mj {

/// A file beside the state's text, and what tells whether it is whole.
struct ValueFile {
  std::string name;
  uint64_t fingerprint = 0;
};

/// Where a state's arrays are.
struct StateFiles {
  ValueFile kept;
  std::optional<ValueFile> begun;
};

/// A state but for its arrays, as YAML that ends with a fingerprint of itself.
std::string state_text(const RunState& state, const StateFiles& files);

/// The state, with networks and statistics left empty. Throws InputError where the file is not as it was
/// written.
RunState read_state_text(const std::filesystem::path& file, StateFiles& files);

}  // namespace mj
