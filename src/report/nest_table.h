#pragma once

#include <string>

#include "search/estimate.h"

namespace mj {

/// How layers are mapped by loop nests: cycles, what limits them, and the nest in one line. Empty where they
/// are not.
std::string nest_table(const Estimate& estimate);

}  // namespace mj
