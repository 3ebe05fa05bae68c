#include "search/outer_bounds.h"

#include <algorithm>

#include "search/extent_math.h"

namespace mj {
namespace {

/// Of a number by one of its divisors.
double quotient(int64_t number, int64_t divisor) {
  return static_cast<double>(number) / static_cast<double>(divisor);
}

/// The dimensions whose loops leave an operand as it is; the last is given again where there are fewer.
std::vector<Dimension> dimensions_of(Operand alone) {
  std::vector<Dimension> dimensions;
  for (const Dimension dimension : all_dimensions) {
    if (!is_relevant(alone, dimension)) {
      dimensions.push_back(dimension);
    }
  }
  return dimensions;
}

}  // namespace

OuterBounds::OuterBounds(const NestSpace& space, NestBounds& bounds, const MirroredNests& mirrored)
    : space_(space), bounds_(bounds) {
  std::size_t size = 1;
  for (const Dimension dimension : all_dimensions) {
    stride_[dimension] = size;
    size *= space.divisors[dimension].size();
    for (const int64_t part : space.divisors[dimension]) {
      std::vector<uint8_t>& multiples = multiples_[dimension].emplace_back();
      for (std::size_t i = 0; i < space.divisors[dimension].size(); ++i) {
        if (space.divisors[dimension][i] % part == 0) {
          multiples.push_back(static_cast<uint8_t>(i));
        }
      }
    }
  }
  nest_.tiles.resize(space.stages.size());
  nest_.spreads.resize(space.stages.size() - 1);
  tables_.resize(space.stages.size());
  for (std::size_t stage = 1; stage + 1 < space.stages.size(); ++stage) {
    tables_[stage].own.assign(size, infinite);
    fill(stage, mirrored.start() == Mirror::same && mirrored.is_kept_outside(stage));
  }
}

double OuterBounds::at(std::size_t stage, const TileIndex& inside) const {
  return stage == 0 ? 0 : tables_[stage].holding[index(inside)];
}

double OuterBounds::of_tile(std::size_t stage, const TileIndex& tile) const {
  return stage == 0 ? 0 : tables_[stage].own[index(tile)];
}

ByClass OuterBounds::of_tile_by_class(std::size_t stage, const TileIndex& tile) {
  if (stage == 0) {
    return {};
  }
  const auto [known, is_new] = tables_[stage].by_class.try_emplace(index(tile));
  if (is_new) {
    known->second = least_by_class(stage, tile, extents_at(space_, tile));
  }
  return known->second;
}

std::size_t OuterBounds::index(const TileIndex& tile) const {
  std::size_t sum = 0;
  for (const Dimension dimension : all_dimensions) {
    sum += stride_[dimension] * tile[dimension];
  }
  return sum;
}

void OuterBounds::fill(std::size_t stage, bool has_images) {
  Tables& tables = tables_[stage];
  for_each_tile(space_, stage, TileIndex{}, [&](const TileIndex& tile, const Extents& extents) {
    const TileIndex image = mirrored(tile);
    const bool is_known = has_images && image.values < tile.values;
    tables.own[index(tile)] = is_known ? tables.own[index(image)] : least_outside(stage, tile, extents);
  });
  tables.holding = tables.own;
  tables.looping.fill(tables.own);
  for (const Dimension dimension : all_dimensions) {
    spread_to_parts(dimension, tables.holding);
    for (const Operand alone : all_operands) {
      if (is_relevant(alone, dimension) && space_.may_loop[stage][dimension]) {
        spread_to_parts(dimension, tables.looping.at(static_cast<std::size_t>(alone)));
      }
    }
  }
}

template <class IsEnough, class Visit>
void OuterBounds::for_each_in_group(std::size_t stage, const TileIndex& tile, std::size_t group,
                                    IsEnough is_enough, Visit visit) {
  for (const Spread& spread : space_.spreads[stage - 1][group].spreads) {
    TileIndex inside;
    if (multiply(space_, tile, spread.index, inside) &&
        !is_enough(of_groups_[group] + at(stage - 1, inside))) {
      nest_.spreads[stage - 1] = spread.bounds;
      visit(beyond(stage - 1, inside, bounds_.by_class(stage, nest_)));
    }
  }
}

/// Goes through the spreads next to a tile, promising groups first, but for those of which is_enough(bound)
/// says that they cannot change what visit(moves and all outside, by class) looks for.
template <class IsEnough, class Visit>
void OuterBounds::for_each_spread(std::size_t stage, const TileIndex& tile, const Extents& extents,
                                  IsEnough is_enough, Visit visit) {
  bounds_.of_groups(stage, extents, of_groups_);
  nest_.tiles[stage] = extents;
  nest_.tiles_from = stage;
  nest_.spreads_from = stage - 1;
  const double further = at(stage - 1, tile);
  const auto first =
      static_cast<std::size_t>(std::min_element(of_groups_.begin(), of_groups_.end()) - of_groups_.begin());
  for_each_in_group(stage, tile, first, is_enough, visit);
  // After the best group few are left to sort.
  order_.clear();
  for (std::size_t group = 0; group < of_groups_.size(); ++group) {
    if (group != first && !is_enough(of_groups_[group] + further)) {
      order_.push_back(group);
    }
  }
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t a, std::size_t b) { return of_groups_[a] < of_groups_[b]; });
  for (const std::size_t group : order_) {
    if (is_enough(of_groups_[group] + further)) {
      break;
    }
    for_each_in_group(stage, tile, group, is_enough, visit);
  }
}

double OuterBounds::least_outside(std::size_t stage, const TileIndex& tile, const Extents& extents) {
  double least = infinite;
  for_each_spread(
      stage, tile, extents, [&](double bound) { return bound >= least; },
      [&](const ByClass& beyond) {
        least = std::min(least, *std::min_element(beyond.begin(), beyond.end()));
      });
  return least;
}

ByClass OuterBounds::least_by_class(std::size_t stage, const TileIndex& tile, const Extents& extents) {
  std::array<bool, 3> has_room{};  // a class without room has loops only where none has any
  for (const Dimension dimension : all_dimensions) {
    has_room.at(index_of(left_alone(dimension))) |= extents[dimension] < space_.whole[dimension];
  }
  ByClass least{infinite, infinite, infinite};
  for_each_spread(
      stage, tile, extents,
      [&](double bound) {
        bool enough = bound >= *std::min_element(least.begin(), least.end());
        for (std::size_t i = 0; i < least.size(); ++i) {
          enough = enough && (!has_room.at(i) || bound >= least.at(i));
        }
        return enough;
      },
      [&](const ByClass& beyond) {
        for (std::size_t i = 0; i < least.size(); ++i) {
          least.at(i) = std::min(least.at(i), beyond.at(i));
        }
      });
  return least;
}

/// The least over all tiles that a tile divides along one dimension.
void OuterBounds::spread_to_parts(Dimension dimension, std::vector<double>& table) const {
  const std::size_t step = stride_[dimension];
  const std::size_t run = step * space_.divisors[dimension].size();
  for (std::size_t start = 0; start < table.size(); start += run) {
    for (std::size_t low = 0; low < multiples_[dimension].size(); ++low) {
      double* to = &table[start + low * step];
      for (const uint8_t high : multiples_[dimension][low]) {
        const double* from = &table[start + high * step];
        for (std::size_t i = 0; i < step; ++i) {
          to[i] = std::min(to[i], from[i]);
        }
      }
    }
  }
}

ByClass OuterBounds::beyond(std::size_t stage, const TileIndex& inside, const ClassBounds& moves) const {
  ByClass least{infinite, infinite, infinite};
  ByClass reuse{1, 1, 1};
  for (const Dimension dimension : all_dimensions) {
    const int64_t below = space_.divisors[dimension][inside[dimension]];
    if (stage == 0 && below != space_.whole[dimension] && !space_.may_loop[0][dimension]) {
      return least;
    }
    reuse.at(index_of(left_alone(dimension))) *= quotient(space_.whole[dimension], below);
  }
  for (const Operand alone : all_operands) {
    const std::size_t i = index_of(alone);
    if (moves.possible.at(i)) {
      const double reused = moves.reused(alone, reuse.at(i));
      least.at(i) =
          stage == 0 ? moves.others.at(i) + reused : least_of_class(stage, inside, moves, alone, reused);
      least.at(i) += moves.starts;
    }
  }
  return least;
}

/// Loops over other classes end the reuse at this stage; without them it may go on as far as there are loops.
double OuterBounds::least_of_class(std::size_t stage, const TileIndex& inside, const ClassBounds& moves,
                                   Operand alone, double reused_on) const {
  const Tables& tables = tables_[stage];
  const std::vector<double>& looping = tables.looping.at(index_of(alone));
  static const PerOperand<std::vector<Dimension>> dimensions{
      {dimensions_of(Operand::weights), dimensions_of(Operand::inputs), dimensions_of(Operand::outputs)}};
  double least = infinite;
  const auto descend = [&](const auto& self, std::size_t next, std::size_t at, double reuse) -> void {
    if (next == dimensions[alone].size()) {
      least = std::min({least, moves.reused(alone, reuse) + looping[at], reused_on + tables.own[at]});
      return;
    }
    const Dimension dimension = dimensions[alone][next];
    const uint8_t start = inside[dimension];
    const std::vector<int64_t>& divisors = space_.divisors[dimension];
    for (const uint8_t i : multiples_[dimension][start]) {
      self(self, next + 1, at + stride_[dimension] * (i - std::size_t{start}),
           reuse * quotient(divisors[i], divisors[start]));
      if (!space_.may_loop[stage][dimension]) {
        break;
      }
    }
  };
  descend(descend, 0, index(inside), 1);
  return moves.others.at(index_of(alone)) + least;
}

}  // namespace mj
