#pragma once

#include <string>
#include <vector>

#include "search/estimate.h"

namespace mj {

/// A change that would move a network's energy.
struct Lever {
  std::string change;  ///< "half the weights"
  Estimate after;
};

/// Half of the remaining weights, half of the remaining values in feature maps, half the bits, four times the
/// batch: each by itself, every layer under its best mapping. What is removed becomes zero, spread evenly.
std::vector<Lever> try_levers(const Estimate& present, const Accelerator& accelerator);

}  // namespace mj
