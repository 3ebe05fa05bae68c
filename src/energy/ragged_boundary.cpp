#include "energy/ragged_boundary.h"

#include <algorithm>

namespace mj {
namespace {

using Place = SplitDimension::Place;

/// Over instances of `into`, when the words of `operand` pass.
Place place_in_space(const Level& into, Operand operand, bool is_between, Counted counted) {
  if (!is_between || counted == Counted::arriving) {
    return Place::apart;
  }
  const bool shares = operand == Operand::outputs ? into.reduction : into.multicast;
  return shares || counted == Counted::visiting ? Place::together : Place::apart;
}

}  // namespace

RaggedBoundary::RaggedBoundary(const LayerShape& shape, const std::vector<Level>& levels,
                               const std::vector<PlacedLoop>& loops, Operand operand, std::size_t outer,
                               std::size_t inner)
    : shape_(shape),
      levels_(levels),
      operand_(operand),
      outer_(outer),
      feeds_macs_(inner == levels.size()),
      tile_(extents_of(shape)) {
  for (const PlacedLoop& loop : loops) {
    if (loop.level < inner) {
      tile_[loop.dimension] = std::min(tile_[loop.dimension], loop.below);
      outside_.push_back(loop);
    }
  }
}

PerDimension<SplitDimension> RaggedBoundary::split(Counted counted) const {
  PerDimension<SplitDimension> split;
  const Extents whole = extents_of(shape_);
  for (const Dimension dimension : all_dimensions) {
    split[dimension].extent = whole[dimension];
  }
  for (const PlacedLoop& loop : outside_) {
    const Place place = loop.in_space
                            ? place_in_space(levels_[loop.level + 1], operand_, loop.level >= outer_, counted)
                            : Place::time;
    split[loop.dimension].loops.push_back({loop.below, place});
  }
  if (operand_ == Operand::outputs) {
    for (std::size_t level = 1; level <= outer_; ++level) {
      add_holder(level, split);
    }
  }
  return split;
}

void RaggedBoundary::add_holder(std::size_t level, PerDimension<SplitDimension>& split) const {
  if (!levels_[level].holds[operand_]) {
    return;
  }
  PerDimension<std::size_t> outside;
  for (const PlacedLoop& loop : outside_) {
    outside[loop.dimension] += loop.level < level ? 1 : 0;
  }
  for (const Dimension dimension : all_dimensions) {
    split[dimension].holders.push_back(outside[dimension]);
  }
}

/// @param outside by dimension: its loops in time that stand outside the loop that steps
/// @param steps   the dimension whose loop steps; nullopt where all start
MoveSums RaggedBoundary::sums(const PerDimension<SplitDimension>& parts,
                              const PerDimension<std::size_t>& outside,
                              std::optional<Dimension> steps) const {
  const auto moves = [&](Dimension dimension) {
    return moves_of(parts[dimension], outside[dimension], steps == dimension);
  };
  return multiply_factors(
      operand_,
      [&](Dimension dimension) { return sum_moves(moves(dimension), is_relevant(operand_, dimension)); },
      [&](std::size_t axis) {
        return sum_row_moves(moves(output_of(axis)), moves(tap_of(axis)), shape_.stride.at(axis),
                             shape_.dilation.at(axis));
      });
}

double RaggedBoundary::moved(Counted counted) const {
  const PerDimension<SplitDimension> parts = split(counted);
  PerDimension<std::size_t> outside;
  if (feeds_macs_) {
    for (const Dimension dimension : all_dimensions) {
      outside[dimension] = parts[dimension].loops_in_time();
    }
    return sums(parts, outside, std::nullopt).all;
  }
  double words = sums(parts, outside, std::nullopt).all;
  for (const PlacedLoop& loop : outside_) {
    if (!loop.in_space) {
      const MoveSums step = sums(parts, outside, loop.dimension);
      words += step.all - step.kept;
      ++outside[loop.dimension];
    }
  }
  return words;
}

}  // namespace mj
