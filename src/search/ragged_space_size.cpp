#include <map>

#include "search/nest_space.h"
#include "search/ragged_space.h"

namespace mj {
namespace {

/// Ways to part tiles of each size, by the stages where a loop in time stands, a bit each.
using Ways = std::map<unsigned, std::vector<double>>;

/// From a stage's tile on, of the next stage's ways.
Ways ways_outside(const Ways& inner, std::size_t stage, int64_t extent) {
  Ways outer;
  const auto count = static_cast<std::size_t>(extent) + 1;
  for (const auto& [standing, ways] : inner) {
    std::vector<double> sums(count, 0.0);  // of the tiles up to each size
    for (std::size_t size = 1; size < count; ++size) {
      sums[size] = sums[size - 1] + ways[size];
    }
    std::vector<double>& with_loop = outer.try_emplace(standing | 1U << stage, count, 0.0).first->second;
    for (std::size_t size = 1; size < count; ++size) {
      // Tiles with the same number of parts; of the spreads over them only the widest needs no loop.
      for (std::size_t tile = 1; tile <= size;) {
        const std::size_t parts = (size - 1) / tile + 1;
        const std::size_t last = parts == 1 ? size : (size - 1) / (parts - 1);
        with_loop[size] += static_cast<double>(parts - 1) * (sums[last] - sums[tile - 1]);
        tile = last + 1;
      }
    }
    std::vector<double>& without = outer.try_emplace(standing, count, 0.0).first->second;
    for (std::size_t size = 1; size < count; ++size) {
      without[size] += sums[size];
    }
  }
  return outer;
}

/// Of one dimension, by the stages where its loops stand.
LoopWays ways_to_part(int64_t extent, std::size_t stages) {
  const auto count = static_cast<std::size_t>(extent) + 1;
  Ways ways;
  const unsigned last = 1U << (stages - 1);
  ways[last].assign(count, 1.0);
  ways[0].assign(count, 0.0);
  ways[last][1] = 0;
  ways[0][1] = 1;
  for (std::size_t stage = stages - 1; stage-- > 0;) {
    ways = ways_outside(ways, stage, extent);
  }
  LoopWays of_extent;
  for (const auto& [standing, by_size] : ways) {
    of_extent[standing] = by_size.back();
  }
  return of_extent;
}

}  // namespace

double space_size(const RaggedSpace& space) {
  std::vector<LoopWays> of_dimensions;
  for (const int64_t extent : space.whole.values) {
    of_dimensions.push_back(ways_to_part(extent, space.stages.size()));
  }
  return count_orders(of_dimensions, space.stages.size());
}

}  // namespace mj
