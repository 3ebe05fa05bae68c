#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/loop_nest.h"

namespace mj {

/// A loop in its place; loops of bound 1 have none.
struct PlacedLoop {
  Dimension dimension = Dimension::N;
  int64_t bound = 1;
  int64_t below = 1;  ///< its step: the extent of the dimension inside it
  std::size_t level = 0;
  bool in_space = false;
};

/// The nest's loops outside in.
std::vector<PlacedLoop> place_loops(const LoopNest& nest);

/// Of a nest of any tile sizes, the first loop that does not part its dimension as it says, as a sentence.
std::optional<std::string> wrong_step(const LayerShape& shape, const Accelerator& accelerator,
                                      const LoopNest& nest);

/// Whether some loop's last step is smaller than the others.
bool has_ragged_tiles(const LayerShape& shape, const LoopNest& nest);

/// Steps in time of all loops together: a loop of a smaller last tile takes fewer, and instances wait for
/// each other.
double steps_in_time(const LayerShape& shape, const LoopNest& nest);

/// Instances of a level that are ever in use.
double instances_in_use(const LayerShape& shape, const LoopNest& nest, std::size_t level);

}  // namespace mj
