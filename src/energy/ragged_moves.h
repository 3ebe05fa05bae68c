#pragma once

#include <array>
#include <vector>

#include "energy/input_axis.h"
#include "mapping/loop_nest.h"

namespace mj {

/// One dimension as the boundary between two levels sees it: its extent, and the loops outside the inner
/// level's tile, outside in. The last step of each may be smaller than the others, and instances that it does
/// not reach are idle; they keep what they hold.
struct SplitDimension {
  enum class Place : uint8_t {
    time,
    apart,    ///< over instances that each have their own words
    together  ///< over instances that share a word that several need at once
  };
  struct SplitLoop {
    int64_t step = 1;
    Place place = Place::time;
    auto operator<=>(const SplitLoop&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  int64_t extent = 1;
  std::vector<SplitLoop> loops;
  /// Of outputs, by level further out that holds them: how many of the loops are outside its tile. What it
  /// lets go of, inner instances do too.
  std::vector<std::size_t> holders;

  std::size_t loops_in_time() const;
  auto operator<=>(const SplitDimension&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// Part of a dimension.
struct Part {
  int64_t start = 0;
  int64_t size = 0;
  auto operator<=>(const Part&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// What an instance holds of a dimension, and what it held when it was last in use.
struct PartMove {
  Part now;
  Part before;
  bool stays = false;                                 ///< the same, and no level further out has let go of it
  auto operator<=>(const PartMove&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// A moment that comes up `times` times: the instances in use that share, the first of them first.
struct SharedMoves {
  double times = 1;
  std::vector<PartMove> moves;
};

/// The moments of a step of some loop in time: the first `outside` of the dimension's loops in time stand
/// outside that loop, the others inside it start again. `steps`: the loop itself is the next of them.
std::vector<SharedMoves> moves_of(const SplitDimension& dimension, std::size_t outside, bool steps);

/// Sums over the moments of a step.
struct MoveSums {
  double all = 0;   ///< of what the tiles hold then
  double kept = 0;  ///< of that, what was there before
};

/// Of one dimension: words where the operand changes with it, else instances.
MoveSums sum_moves(const std::vector<SharedMoves>& moments, bool is_relevant);
/// Of the rows of inputs that meet outputs and taps, those of instances that share counted once.
MoveSums sum_row_moves(const std::vector<SharedMoves>& outputs, const std::vector<SharedMoves>& taps,
                       int64_t stride, int64_t dilation);

/// An operand's words are a product of independent factors: one for each dimension, but one for the rows and
/// one for the columns of inputs, 0 and 1 on the axis. What a step moves is the product's `all` less `kept`.
template <class Alone, class OnAxis>
MoveSums multiply_factors(Operand operand, Alone alone, OnAxis on_axis) {
  MoveSums product{1, 1};
  const auto multiply = [&](const MoveSums& factor) {
    product.all *= factor.all;
    product.kept *= factor.kept;
  };
  for (const Dimension dimension : {Dimension::N, Dimension::K, Dimension::C}) {
    multiply(alone(dimension));
  }
  if (operand == Operand::inputs) {
    multiply(on_axis(0));
    multiply(on_axis(1));
    return product;
  }
  for (const Dimension dimension : {Dimension::P, Dimension::Q, Dimension::R, Dimension::S}) {
    multiply(alone(dimension));
  }
  return product;
}

/// The dimensions that make the rows (0) and the columns (1) of inputs.
constexpr Dimension output_of(std::size_t axis) {
  return axis == 0 ? Dimension::P : Dimension::Q;
}
constexpr Dimension tap_of(std::size_t axis) {
  return axis == 0 ? Dimension::R : Dimension::S;
}

}  // namespace mj
