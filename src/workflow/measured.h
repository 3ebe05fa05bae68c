#pragma once

#include <optional>

#include "network/activation_stats.h"
#include "runtime/runtime.h"

namespace mj {

/// What was found of a network.
struct Measured {
  ActivationStats stats;
  double energy = 0;  ///< per image, in MACs
  double cycles = 0;  ///< per image
  double nonzero_weights = 0;
  std::optional<Accuracy> accuracy;  ///< on the images held back
};

}  // namespace mj
