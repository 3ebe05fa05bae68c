#pragma once

#include <vector>

#include "hardware/accelerator.h"
#include "network/network.h"
#include "search/estimate.h"

namespace mj {

/// Prices the data movement of the operators that are no MAC layers, each map raw in `bits` bits a value.
/// Free are those that a layer applies to its outputs on their way to memory (batch norm, activation
/// function), those that only give a map another shape, and arithmetic on shapes. Operators whose maps have
/// no known size are left out.
std::vector<OtherOperator> price_other_operators(const Network& network, const Accelerator& accelerator,
                                                 int64_t batch, int bits);

}  // namespace mj
