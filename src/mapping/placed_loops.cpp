#include "mapping/placed_loops.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "mapping/ceil_divide.h"

namespace mj {
namespace {

/// A loop as it is written: "K 4", "P 3 of 5".
std::string shown(const PlacedLoop& loop, int64_t spanned) {
  const std::string text = fmt::format("{} {}", letter_of(loop.dimension), loop.bound);
  return loop.below == spanned ? text : fmt::format("{} of {}", text, loop.below);
}

/// Steps that the loops over one dimension take together, in time or in space, from `next` on: of the others
/// the first step, which is the largest.
double steps_from(const std::vector<PlacedLoop>& loops, std::size_t next, bool in_space, int64_t extent) {
  if (next == loops.size()) {
    return 1;
  }
  const PlacedLoop& loop = loops[next];
  const double first = steps_from(loops, next + 1, in_space, std::min(extent, loop.below));
  if (loop.in_space != in_space || extent <= loop.below) {
    return first;
  }
  const int64_t full = (extent - 1) / loop.below;
  return first * static_cast<double>(full) +
         steps_from(loops, next + 1, in_space, extent - full * loop.below);
}

/// The product over all dimensions.
double steps_of(const LayerShape& shape, const std::vector<PlacedLoop>& loops, bool in_space) {
  const Extents whole = extents_of(shape);
  double steps = 1;
  for (const Dimension dimension : all_dimensions) {
    std::vector<PlacedLoop> over;
    std::copy_if(loops.begin(), loops.end(), std::back_inserter(over),
                 [&](const PlacedLoop& loop) { return loop.dimension == dimension; });
    steps *= steps_from(over, 0, in_space, whole[dimension]);
  }
  return steps;
}

}  // namespace

std::vector<PlacedLoop> place_loops(const LoopNest& nest) {
  std::vector<PlacedLoop> inside_out;
  Extents below{{1, 1, 1, 1, 1, 1, 1}};
  const auto place = [&](const std::vector<Loop>& loops, std::size_t level, bool in_space) {
    std::for_each(loops.rbegin(), loops.rend(), [&](const Loop& loop) {
      if (loop.bound > 1) {
        const int64_t step = loop.step > 0 ? loop.step : below[loop.dimension];
        inside_out.push_back({loop.dimension, loop.bound, step, level, in_space});
        below[loop.dimension] = step * loop.bound;
      }
    });
  };
  for (std::size_t level = nest.levels.size(); level-- > 0;) {
    place(nest.levels[level].spatial[1], level, true);
    place(nest.levels[level].spatial[0], level, true);
    place(nest.levels[level].loops, level, false);
  }
  return {inside_out.rbegin(), inside_out.rend()};
}

std::optional<std::string> wrong_step(const LayerShape& shape, const Accelerator& accelerator,
                                      const LoopNest& nest) {
  const std::vector<PlacedLoop> loops = place_loops(nest);
  Extents left = extents_of(shape);
  Extents spanned{{1, 1, 1, 1, 1, 1, 1}};  // by the loops inside
  std::vector<int64_t> inside(loops.size());
  for (std::size_t i = loops.size(); i-- > 0;) {
    inside[i] = spanned[loops[i].dimension];
    spanned[loops[i].dimension] = loops[i].below * loops[i].bound;
  }
  for (std::size_t i = 0; i < loops.size(); ++i) {
    const PlacedLoop& loop = loops[i];
    int64_t& extent = left[loop.dimension];
    const int64_t steps = ceil_divide(extent, loop.below);
    if (loop.bound != steps) {
      return fmt::format("{}: {} is a loop over {}, which takes {} steps of {}",
                         accelerator.levels[loop.level].name, shown(loop, inside[i]), extent, steps,
                         loop.below);
    }
    extent = std::min(extent, loop.below);
  }
  for (const Dimension dimension : all_dimensions) {
    if (left[dimension] > 1) {
      return fmt::format("the loops over {} leave tiles of {} that no loop parts", letter_of(dimension),
                         left[dimension]);
    }
  }
  return std::nullopt;
}

bool has_ragged_tiles(const LayerShape& shape, const LoopNest& nest) {
  Extents extent = extents_of(shape);
  for (const PlacedLoop& loop : place_loops(nest)) {
    if (extent[loop.dimension] != loop.below * loop.bound) {
      return true;
    }
    extent[loop.dimension] = loop.below;
  }
  return false;
}

double steps_in_time(const LayerShape& shape, const LoopNest& nest) {
  return steps_of(shape, place_loops(nest), false);
}

double instances_in_use(const LayerShape& shape, const LoopNest& nest, std::size_t level) {
  std::vector<PlacedLoop> loops = place_loops(nest);
  std::erase_if(loops, [&](const PlacedLoop& loop) { return loop.level >= level; });
  return steps_of(shape, loops, true);
}

}  // namespace mj
