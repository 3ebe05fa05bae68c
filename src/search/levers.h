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
/// batch: each by itself. What is removed becomes zero, spread evenly. Row-stationary layers take their best
/// mapping; loop nests stay as they are, except that a larger batch adds a loop to the outermost level and
/// may move one of the others to the next, whichever costs least.
std::vector<Lever> try_levers(const Estimate& present, const Accelerator& accelerator);

}  // namespace mj
