#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "mapping/loop_nest.h"
#include "search/nest_terms.h"

namespace mj {

/// A tile as positions in the dimensions' lists of divisors.
using TileIndex = PerDimension<uint8_t>;

/// Spatial bounds between two stages.
struct Spread {
  Extents bounds;
  TileIndex index;  ///< the bounds as divisors
  int64_t instances = 1;
};

/// Spreads that share weights, and add outputs, over the same number of instances.
struct SpreadGroup {
  double weights = 1;     ///< instances that use the same weights: N P Q
  double inputs = 1;      ///< at most so many use the same inputs: K, and P Q R S for their halos
  double kernels = 1;     ///< instances with different K
  double outputs = 1;     ///< instances that add to the same outputs: C R S
  int64_t instances = 1;  ///< the most of any
  std::vector<Spread> spreads;
};

/// The map space of one layer on an accelerator's levels: tiles of each stage, spreads between stages. Bounds
/// are divisors (docs/mapper.md).
struct NestSpace {
  const LayerShape* shape = nullptr;
  const std::vector<Level>* levels = nullptr;
  std::vector<Stage> stages;
  Extents whole;
  PerDimension<std::vector<int64_t>> divisors;
  PerDimension<std::vector<std::vector<uint8_t>>> products;  ///< index of a product; no_product if none
  std::vector<std::vector<SpreadGroup>> spreads;             ///< by stage: over the instances of the next one
  std::vector<PerDimension<bool>> may_loop;                  ///< by stage
  std::vector<PerOperand<bool>> shares;  ///< by stage: words are shared, sums added, on the way to the next

  static constexpr uint8_t no_product = 255;
};

/// Throws InputError where a dimension has more than 250 divisors.
NestSpace make_space(const LayerShape& shape, const std::vector<Level>& levels);

Extents extents_at(const NestSpace& space, const TileIndex& tile);
TileIndex whole_tile(const NestSpace& space);
/// The index of a * b in every dimension; false where one is no divisor.
bool multiply(const NestSpace& space, const TileIndex& a, const TileIndex& b, TileIndex& product);
/// Whether the levels of a stage have room for the tile.
bool fits(const NestSpace& space, std::size_t stage, const Extents& tile);
bool fits(const LayerShape& shape, const std::vector<Level>& levels, const Stage& stage, const Extents& tile);

/// Calls visit(tile) for all tiles that fit a stage and hold `least`; tiles grow with each dimension, so what
/// does not fit ends a run.
template <class Visit>
void for_each_tile(const NestSpace& space, std::size_t stage, const TileIndex& least, Visit visit);

/// Of one dimension, the ways to split it, by the stages where its loops in time stand, a bit each.
using LoopWays = std::map<unsigned, double>;

/// Splits of all dimensions with the orders of the loops: m loops at a stage have m! orders.
double count_orders(const std::vector<LoopWays>& of_dimensions, std::size_t stages);
/// Splits and orders of the whole space, before capacities and fan-outs are looked at.
double space_size(const NestSpace& space);

/// The nest of a chain of tiles, one a stage, of spreads, and of loop orders (dimensions outside in).
LoopNest nest_of(const NestSpace& space, const std::vector<Extents>& tiles,
                 const std::vector<Extents>& spreads, const std::vector<std::vector<Dimension>>& orders);

template <class Visit>
void for_each_tile(const NestSpace& space, std::size_t stage, const TileIndex& least, Visit visit) {
  TileIndex tile = least;
  Extents extents = extents_at(space, tile);
  const auto descend = [&](const auto& self, std::size_t next) -> void {
    if (next == dimension_count) {
      visit(tile, extents);
      return;
    }
    const Dimension dimension = all_dimensions.at(next);
    const std::vector<int64_t>& divisors = space.divisors[dimension];
    const uint8_t start = least[dimension];
    for (std::size_t i = start; i < divisors.size(); ++i) {
      if (divisors[i] % divisors[start] != 0) {
        continue;
      }
      tile[dimension] = static_cast<uint8_t>(i);
      extents[dimension] = divisors[i];
      if (!fits(space, stage, extents)) {
        break;
      }
      self(self, next + 1);
    }
    tile[dimension] = start;
    extents[dimension] = divisors[start];
  };
  if (fits(space, stage, extents)) {
    descend(descend, 0);
  }
}

}  // namespace mj
