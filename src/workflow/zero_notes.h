#pragma once

#include <string>
#include <vector>

#include "hardware/accelerator.h"

namespace mj {

/// Whether zeros in weights save anything, or a pattern of them.
bool zeros_save(const Accelerator& accelerator);

/// What zeros in weights do not save on an accelerator, a sentence each.
std::vector<std::string> zero_notes(const Accelerator& accelerator);

}  // namespace mj
