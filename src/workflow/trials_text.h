#pragma once

#include <filesystem>
#include <string>

#include "workflow/trial_results.h"

namespace mj {

/// What trying has told so far, as YAML that ends with a fingerprint of itself.
std::string trials_text(const TrialResults& results);

/// Throws InputError where the file is not as it was written.
TrialResults read_trials_text(const std::filesystem::path& file);

}  // namespace mj
