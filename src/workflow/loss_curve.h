#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mj {

struct MeasuredLoss {
  std::size_t level = 0;
  double loss = 0;  ///< above 0
};

/// The loss at every level from that measured at some. What a layer's output loses costs nothing to compute
/// at each level; the loss of the network grows about as some power of it, which two measurements tell.
/// @param errors   squared, of the outputs that the levels change; any unit
/// @param measured at least two, by level
/// @return by level; no less than that of the level before
std::vector<double> losses_by_error(std::span<const double> errors, std::span<const MeasuredLoss> measured);

}  // namespace mj
