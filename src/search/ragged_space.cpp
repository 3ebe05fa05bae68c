#include "search/ragged_space.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "mapping/ceil_divide.h"
#include "mapping/fan_out.h"
#include "search/nest_space.h"
#include "search/ragged_costs.h"

namespace mj {
namespace {

constexpr int64_t most_extent = 1000000;

const Level& into(const RaggedSpace& space, std::size_t stage) {
  return (*space.levels)[space.stages[stage + 1].first_level];
}

void raise(Range& range, int64_t least) {
  range.least = std::max(range.least, static_cast<int32_t>(least));
}

void lower(Range& range, int64_t most) {
  range.most = static_cast<int32_t>(std::min<int64_t>(range.most, most));
}

/// What a tile, the spread inside it and the next tile say of each other.
void tighten_step(Range& tile, Range& spread, Range& next, bool may_loop) {
  raise(tile, next.least);
  lower(next, tile.most);
  lower(spread, ceil_divide(tile.most, next.least));
  raise(tile, (int64_t{spread.least} - 1) * next.least + 1);
  if (spread.least > 1) {
    lower(next, (tile.most - 1) / (spread.least - 1));
  }
  if (!may_loop) {
    lower(tile, int64_t{spread.most} * next.most);
    raise(next, ceil_divide(tile.least, spread.most));
    raise(spread, ceil_divide(tile.least, next.most));
  }
}

/// Whether a stage's instances are enough for the least that all dimensions are spread over together.
bool has_instances(const PerDimension<Range>& spreads, const Level& level) {
  int64_t used = 1;
  for (const Range& spread : spreads.values) {
    used *= spread.least;
  }
  return used <= level.instances[0] * level.instances[1];
}

/// No dimension gets more instances than the others leave.
void share_instances(PerDimension<Range>& spreads, const Level& level) {
  int64_t used = 1;
  for (const Range& spread : spreads.values) {
    used *= spread.least;
  }
  const int64_t all = level.instances[0] * level.instances[1];
  for (Range& spread : spreads.values) {
    lower(spread, all / (used / spread.least));
  }
}

bool has_room(const RaggedSpace& space, std::size_t stage, const Extents& tile) {
  return fits(*space.shape, *space.levels, space.stages[stage], tile);
}

}  // namespace

RaggedSpace make_ragged_space(const LayerShape& shape, const std::vector<Level>& levels) {
  RaggedSpace space{&shape, &levels, stages_of(levels), extents_of(shape), {}};
  for (const Dimension dimension : all_dimensions) {
    if (space.whole[dimension] > most_extent) {
      throw InputError("", fmt::format("dimension {}", letter_of(dimension)),
                       fmt::format("is {}", space.whole[dimension]),
                       fmt::format("must be at most {} for tiles of any size", most_extent));
    }
  }
  for (const Stage& stage : space.stages) {
    PerDimension<bool> may_loop;
    for (const Dimension dimension : all_dimensions) {
      may_loop[dimension] = allows(levels[stage.last_level].temporal, dimension);
    }
    space.may_loop.push_back(may_loop);
  }
  return space;
}

NestBox whole_box(const RaggedSpace& space) {
  NestBox box;
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    PerDimension<Range> tiles;
    PerDimension<Range> spreads;
    for (const Dimension dimension : all_dimensions) {
      const auto whole = static_cast<int32_t>(space.whole[dimension]);
      tiles[dimension] = {stage == 0 ? whole : 1, whole};
      if (stage + 1 < space.stages.size()) {
        const int64_t most = most_instances(into(space, stage), dimension);
        spreads[dimension] = {1, static_cast<int32_t>(std::min<int64_t>(whole, most))};
      } else if (!space.may_loop[stage][dimension]) {
        tiles[dimension].most = stage == 0 ? whole : 1;
      }
    }
    box.tiles.push_back(tiles);
    if (stage + 1 < space.stages.size()) {
      box.spreads.push_back(spreads);
    }
  }
  return box;
}

bool tighten(const RaggedSpace& space, NestBox& box) {
  constexpr int rounds = 2;  // a third one hardly ever finds more
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t stage = box.spreads.size(); stage-- > 0;) {
      if (!has_instances(box.spreads[stage], into(space, stage))) {
        return false;
      }
      share_instances(box.spreads[stage], into(space, stage));
      for (const Dimension dimension : all_dimensions) {
        Range& tile = box.tiles[stage][dimension];
        Range& spread = box.spreads[stage][dimension];
        Range& next = box.tiles[stage + 1][dimension];
        tighten_step(tile, spread, next, space.may_loop[stage][dimension]);
        if (tile.least > tile.most || spread.least > spread.most || next.least > next.most) {
          return false;
        }
      }
    }
  }
  const RaggedChain least = least_chain(box);
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    if (!has_room(space, stage, least.tiles[stage])) {
      return false;
    }
  }
  return true;
}

bool is_in_space(const RaggedSpace& space, const RaggedChain& chain) {
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    if (!has_room(space, stage, chain.tiles[stage])) {
      return false;
    }
    const bool is_last = stage + 1 == space.stages.size();
    const Extents cover = is_last ? Extents{{1, 1, 1, 1, 1, 1, 1}}
                                  : covered(chain.tiles[stage], chain.spreads[stage], chain.tiles[stage + 1]);
    for (const Dimension dimension : all_dimensions) {
      if (chain.tiles[stage][dimension] > cover[dimension] && !space.may_loop[stage][dimension]) {
        return false;
      }
      if (!is_last && chain.spreads[stage][dimension] !=
                          ceil_divide(cover[dimension], chain.tiles[stage + 1][dimension])) {
        return false;
      }
    }
    if (!is_last && !split_over_axes(chain.spreads[stage], into(space, stage), Tiling::any)) {
      return false;
    }
  }
  return true;
}

RaggedChain least_chain(const NestBox& box) {
  RaggedChain chain;
  for (const PerDimension<Range>& tile : box.tiles) {
    Extents& extents = chain.tiles.emplace_back();
    for (const Dimension dimension : all_dimensions) {
      extents[dimension] = tile[dimension].least;
    }
  }
  for (const PerDimension<Range>& spread : box.spreads) {
    Extents& extents = chain.spreads.emplace_back();
    for (const Dimension dimension : all_dimensions) {
      extents[dimension] = spread[dimension].least;
    }
  }
  return chain;
}

std::optional<RaggedChain> only_chain(const NestBox& box) {
  const auto is_one = [](const PerDimension<Range>& ranges) {
    return std::all_of(ranges.values.begin(), ranges.values.end(),
                       [](const Range& r) { return r.is_point(); });
  };
  const bool is_only = std::all_of(box.tiles.begin(), box.tiles.end(), is_one) &&
                       std::all_of(box.spreads.begin(), box.spreads.end(), is_one);
  return is_only ? std::optional(least_chain(box)) : std::nullopt;
}

LoopNest nest_of(const RaggedSpace& space, const RaggedChain& chain,
                 const std::vector<std::vector<Dimension>>& orders) {
  LoopNest nest;
  nest.tiling = Tiling::any;
  nest.levels.resize(space.levels->size());
  const Extents ones{{1, 1, 1, 1, 1, 1, 1}};
  Extents spanned = ones;  // by the loops so far, which are written inside out
  const auto write = [&](std::vector<Loop>& loops, Dimension dimension, int64_t extent, int64_t step) {
    if (extent > step) {
      const int64_t bound = ceil_divide(extent, step);
      loops.insert(loops.begin(), {dimension, bound, step == spanned[dimension] ? 0 : step});
      spanned[dimension] = step * bound;
    }
  };
  for (std::size_t stage = space.stages.size(); stage-- > 0;) {
    NestLevel& level = nest.levels[space.stages[stage].last_level];
    const bool is_last = stage + 1 == space.stages.size();
    const Extents inner = is_last ? ones : chain.tiles[stage + 1];
    const Extents cover = is_last ? ones : covered(chain.tiles[stage], chain.spreads[stage], inner);
    if (!is_last) {
      const auto axes = split_over_axes(chain.spreads[stage], into(space, stage), Tiling::any);
      ensure(axes.has_value(), "a spread of the space cannot be split over the axes");
      for (std::size_t i = dimension_count; i-- > 0;) {
        const Dimension dimension = all_dimensions.at(i);
        const int64_t column = std::min(cover[dimension], axes->at(1)[dimension] * inner[dimension]);
        write(level.spatial[1], dimension, column, inner[dimension]);
      }
      for (std::size_t i = dimension_count; i-- > 0;) {
        const Dimension dimension = all_dimensions.at(i);
        const int64_t column = std::min(cover[dimension], axes->at(1)[dimension] * inner[dimension]);
        write(level.spatial[0], dimension, cover[dimension], column);
      }
    }
    for (auto dimension = orders[stage].rbegin(); dimension != orders[stage].rend(); ++dimension) {
      write(level.loops, *dimension, chain.tiles[stage][*dimension], cover[*dimension]);
    }
  }
  return nest;
}

RaggedChain chain_of(const RaggedSpace& space, const LoopNest& nest) {
  RaggedChain chain;
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    const std::size_t last = space.stages[stage].last_level;
    chain.tiles.push_back(tile_extents(*space.shape, nest, last));
    if (stage + 1 == space.stages.size()) {
      break;
    }
    Extents& spread = chain.spreads.emplace_back(Extents{{1, 1, 1, 1, 1, 1, 1}});
    for (const auto& axis : nest.levels[last].spatial) {
      for (const Loop& loop : axis) {
        spread[loop.dimension] *= loop.bound;
      }
    }
  }
  return chain;
}

}  // namespace mj
