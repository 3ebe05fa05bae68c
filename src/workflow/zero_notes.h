#pragma once

#include <string>
#include <vector>

#include "hardware/accelerator.h"

namespace mj {

/// What zeros in weights do not save on an accelerator, a sentence each.
std::vector<std::string> zero_notes(const Accelerator& accelerator);

}  // namespace mj
