#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/real.h"
#include "mapping/loop_nest.h"

namespace mj {

/// Above every cost and bound.
inline constexpr double infinite = std::numeric_limits<double>::infinity();

/// Product of all extents.
inline double volume(const Extents& extents) {
  double product = 1;
  for (const int64_t extent : extents.values) {
    product *= real(extent);
  }
  return product;
}

/// Whether all bounds are 1.
inline bool is_trivial(const Extents& bounds) {
  return std::all_of(bounds.values.begin(), bounds.values.end(), [](int64_t bound) { return bound == 1; });
}

inline std::size_t index_of(Operand operand) {
  return static_cast<std::size_t>(operand);
}

}  // namespace mj
