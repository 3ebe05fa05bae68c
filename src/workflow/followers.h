#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "network/network.h"

namespace mj {

/// The running mean of the batch norm that alone reads `value`: it can take up a change of the value's mean.
/// Empty where there is none.
std::string batch_norm_mean_of(const Network& network, const std::string& value);

/// Where a layer's output, perhaps behind a batch norm, is added to another value and goes nowhere else.
struct Addition {
  std::string addend;         ///< the other value
  std::vector<double> scale;  ///< by output channel: what the batch norm makes of a change of the output
};

/// The addition behind a layer whose addend is there before the layer runs and has the shape of the layer's
/// output; nothing where there is none.
std::optional<Addition> addition_behind(const Network& network, std::size_t layer);

}  // namespace mj
