#pragma once

#include <optional>
#include <vector>

#include "energy/nest_boundary.h"
#include "energy/ragged_moves.h"

namespace mj {

/// Whose words are counted where they pass a boundary.
enum class Counted : uint8_t {
  arriving,  ///< at each inner instance by itself; of outputs, leaving it
  asked,     ///< of each outer instance, once for those that share on the way
  visiting   ///< once for all below an outer instance, whether they share or not
};

/// What one operand moves between two levels under loops whose last steps may be smaller, counted exactly
/// (docs/mapper.md, "Ragged tiles").
class RaggedBoundary {
 public:
  /// @param outer the level that is read
  /// @param inner the level that is filled; levels.size() for the MACs, which hold nothing
  RaggedBoundary(const LayerShape& shape, const std::vector<Level>& levels,
                 const std::vector<PlacedLoop>& loops, Operand operand, std::size_t outer, std::size_t inner);

  /// Over all instances.
  double moved(Counted counted) const;
  double tile() const { return tile_words(shape_, operand_, tile_); }  ///< the largest, as a box

 private:
  PerDimension<SplitDimension> split(Counted counted) const;
  MoveSums sums(const PerDimension<SplitDimension>& parts, const PerDimension<std::size_t>& outside,
                std::optional<Dimension> steps) const;
  void add_holder(std::size_t level, PerDimension<SplitDimension>& split) const;

  const LayerShape& shape_;
  const std::vector<Level>& levels_;
  Operand operand_;
  std::size_t outer_;
  bool feeds_macs_;
  Extents tile_;
  std::vector<PlacedLoop> outside_;  ///< the inner tile
};

}  // namespace mj
