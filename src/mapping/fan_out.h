#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "mapping/loop_nest.h"

namespace mj {

/// Whether a level's `temporal` or `unroll` names the dimension.
inline bool allows(const std::string& dimensions, Dimension dimension) {
  return dimensions.find(letter_of(dimension)) != std::string::npos;
}

/// Of the instances of a level, those that a dimension may be spread over at most.
inline int64_t most_instances(const Level& level, Dimension dimension) {
  const int64_t x = allows(level.unroll[0], dimension) ? level.instances[0] : 1;
  const int64_t y = allows(level.unroll[1], dimension) ? level.instances[1] : 1;
  return level.one_axis ? std::max(x, y) : x * y;
}

}  // namespace mj
