#pragma once

#include <vector>

#include "hardware/accelerator.h"

namespace mj {

/// What keeps an accelerator's levels from being those of a row-stationary chip: memory, a buffer of inputs
/// and partial sums, an array of PEs with a scratchpad for each operand (JSSC 2017, sections III and IV).
/// Empty where nothing does.
/// @param document what it was read from, for the lines; may be absent
std::vector<Problem> row_stationary_problems(const Accelerator& accelerator,
                                             const Document* document = nullptr);

}  // namespace mj
