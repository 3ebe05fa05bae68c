#pragma once

#include "search/ragged_space.h"

namespace mj {

/// The extents of the part of a stage's tile that instances of the next cover at once, over a box's nests.
int64_t most_covered(const NestBox& box, std::size_t stage, Dimension dimension);
int64_t least_covered(const NestBox& box, std::size_t stage, Dimension dimension);

/// Whether a loop in time over the dimension may stand at a stage, and whether one must.
bool may_loop(const NestBox& box, std::size_t stage, Dimension dimension);
bool must_loop(const NestBox& box, std::size_t stage, Dimension dimension);

/// Of a dimension, the least share that the steps of its loop at `stage` change, where there is such a loop:
/// what lies in whole tiles, at instances that take more than one step.
double changing_share(const NestBox& box, std::size_t stage, Dimension dimension);

}  // namespace mj
