#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "search/mirrored_nests.h"
#include "search/nest_bounds.h"

namespace mj {

/// Least cost of all that lies outside a stage's tile, in tables over the lattice of tiles, filled from the
/// outside in (docs/mapper.md, "Bounds"). Stage 0 holds the whole layer and the innermost stage has no table.
class OuterBounds {
 public:
  OuterBounds(const NestSpace& space, NestBounds& bounds, const MirroredNests& mirrored);

  /// Of tiles of `stage` that hold `inside`, whatever is spread or looped over between.
  double at(std::size_t stage, const TileIndex& inside) const;
  /// Of this very tile.
  double of_tile(std::size_t stage, const TileIndex& tile) const;
  /// The same by the class of the loops next to its spread.
  ByClass of_tile_by_class(std::size_t stage, const TileIndex& tile);
  /// Of the moves into the next stage in, and of all outside, by the class of the loops next to `inside`: the
  /// least over the tiles of `stage` that loops in time make of it.
  ByClass beyond(std::size_t stage, const TileIndex& inside, const ClassBounds& moves) const;

 private:
  /// Of a stage, by tile.
  struct Tables {
    std::vector<double> own;      ///< of the very tile
    std::vector<double> holding;  ///< of the tiles that hold it
    std::array<std::vector<double>, 3>
        looping;  ///< by class: it and what loops of the other classes make of it
    std::unordered_map<std::size_t, ByClass> by_class;  ///< of the very tiles that were asked for
  };

  std::size_t index(const TileIndex& tile) const;
  void fill(std::size_t stage, bool has_images);
  template <class IsEnough, class Visit>
  void for_each_in_group(std::size_t stage, const TileIndex& tile, std::size_t group, IsEnough is_enough,
                         Visit visit);
  template <class IsEnough, class Visit>
  void for_each_spread(std::size_t stage, const TileIndex& tile, const Extents& extents, IsEnough is_enough,
                       Visit visit);
  double least_outside(std::size_t stage, const TileIndex& tile, const Extents& extents);
  ByClass least_by_class(std::size_t stage, const TileIndex& tile, const Extents& extents);
  void spread_to_parts(Dimension dimension, std::vector<double>& table) const;
  double least_of_class(std::size_t stage, const TileIndex& inside, const ClassBounds& moves, Operand alone,
                        double reused_on) const;

  const NestSpace& space_;
  NestBounds& bounds_;
  PerDimension<std::size_t> stride_;
  PerDimension<std::vector<std::vector<uint8_t>>> multiples_;  ///< of each divisor, itself first
  std::vector<Tables> tables_;
  std::vector<double> of_groups_;
  std::vector<std::size_t> order_;
  PartialNest nest_;
};

}  // namespace mj
