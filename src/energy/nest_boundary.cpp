#include "energy/nest_boundary.h"

#include <algorithm>
#include <cstdlib>

#include "base/real.h"

namespace mj {
namespace {

/// A move as Timeloop compares them: a number for each dimension that an operand's tile has, the rows of
/// inputs at P and their columns at Q.
using MoveVector = Extents;

MoveVector vector_of(const LayerShape& shape, Operand operand, const PlacedLoop& loop) {
  MoveVector vector;
  const TileMove step = move_of(shape, operand, loop.dimension, loop.below);
  if (step.elsewhere) {
    vector[loop.dimension] = loop.below;
  } else {
    vector[Dimension::P] = step.rows;
    vector[Dimension::Q] = step.columns;
  }
  return vector;
}

double product_of_bounds(const std::vector<PlacedLoop>& loops) {
  double product = 1;
  for (const PlacedLoop& loop : loops) {
    product *= real(loop.bound);
  }
  return product;
}

}  // namespace

TileMove move_of(const LayerShape& shape, Operand operand, Dimension dimension, int64_t below) {
  if (operand != Operand::inputs) {
    return {0, 0, is_relevant(operand, dimension)};
  }
  switch (dimension) {
    case Dimension::P:
      return {below * shape.stride[0], 0, false};
    case Dimension::R:
      return {below * shape.dilation[0], 0, false};
    case Dimension::Q:
      return {0, below * shape.stride[1], false};
    case Dimension::S:
      return {0, below * shape.dilation[1], false};
    case Dimension::K:
      return {};
    case Dimension::N:
    case Dimension::C:
      return {0, 0, true};
  }
  return {};
}

Boundary::Boundary(const LayerShape& shape, const std::vector<Level>& levels,
                   const std::vector<PlacedLoop>& loops, Operand operand, Counting counting,
                   std::size_t outer, std::size_t inner)
    : shape_(shape), operand_(operand) {
  for (const PlacedLoop& loop : loops) {
    if (loop.level >= inner) {
      tile_[loop.dimension] *= loop.bound;
    } else if (!loop.in_space) {
      in_time_.push_back(loop);
    } else if (loop.level < outer) {
      outer_instances_ *= real(loop.bound);
    } else {
      add_neighbours(loop, levels[loop.level + 1]);
    }
  }
  box_ = tile_words(shape, operand, tile_);
  if (inner == levels.size()) {
    filled_ = product_of_bounds(in_time_);
    asked_ = filled_ * different_tiles();
  } else if (counting == Counting::exact) {
    count_exact_moves();
  } else {
    count_timeloop_moves();
  }
}

void Boundary::add_neighbours(const PlacedLoop& loop, const Level& into) {
  neighbours_ *= real(loop.bound);
  const bool shares = operand_ == Operand::outputs ? into.reduction : into.multicast;
  const bool differs = is_relevant(operand_, loop.dimension);
  if (!shares) {
    each_its_own_ *= real(loop.bound);
    own_words_ *= differs ? real(loop.bound) : 1;
  } else if (differs) {
    const TileMove step = move_of(shape_, operand_, loop.dimension, loop.below);
    if (step.rows != 0) {
      row_neighbours_.push_back({loop.bound, step.rows});
    } else if (step.columns != 0) {
      column_neighbours_.push_back({loop.bound, step.columns});
    } else {
      different_ *= real(loop.bound);
    }
  }
}

Boundary::Moved Boundary::fresh(const TileMove& move) const {
  if (operand_ != Operand::inputs) {
    const double words = move.elsewhere ? box_ : 0;
    return {words, words * different_ * each_its_own_};
  }
  if (move == TileMove{}) {
    return {};
  }
  const auto& [n, k, c, p, q, r, s] = tile_.values;
  const AxisRows rows = count_rows({p, r, shape_.stride[0], shape_.dilation[0]}, row_neighbours_, move.rows);
  const AxisRows columns =
      count_rows({q, s, shape_.stride[1], shape_.dilation[1]}, column_neighbours_, move.columns);
  const double maps = real(n) * real(c);
  const auto new_words = [&](double height, double new_rows, double width, double new_columns) {
    return move.elsewhere ? height * width : new_rows * width + height * new_columns - new_rows * new_columns;
  };
  return {maps * new_words(rows.held, rows.fresh, columns.held, columns.fresh),
          maps * different_ * each_its_own_ *
              new_words(rows.held_by_all, rows.fresh_for_all, columns.held_by_all, columns.fresh_for_all)};
}

double Boundary::fresh_box(const TileMove& move) const {
  if (move.elsewhere || operand_ != Operand::inputs) {
    return move == TileMove{} ? 0 : box_;
  }
  const auto& [n, k, c, p, q, r, s] = tile_.values;
  const int64_t height = (p - 1) * shape_.stride[0] + (r - 1) * shape_.dilation[0] + 1;
  const int64_t width = (q - 1) * shape_.stride[1] + (s - 1) * shape_.dilation[1] + 1;
  const int64_t kept = std::max<int64_t>(0, height - std::abs(move.rows)) *
                       std::max<int64_t>(0, width - std::abs(move.columns));
  return box_ - real(n) * real(c) * real(kept);
}

double Boundary::different_tiles() const {
  return different_ * real(different_offsets(row_neighbours_)) * real(different_offsets(column_neighbours_)) *
         each_its_own_;
}

/// A step of a loop takes the loops inside it from their last position to their first.
void Boundary::count_exact_moves() {
  const Moved first = fresh({0, 0, true});
  filled_ = first.filled;
  asked_ = first.asked;
  TileMove back;
  double outside = product_of_bounds(in_time_);
  std::for_each(in_time_.rbegin(), in_time_.rend(), [&](const auto& loop) {
    const TileMove step = move_of(shape_, operand_, loop.dimension, loop.below);
    const Moved moved =
        fresh({step.rows - back.rows, step.columns - back.columns, step.elsewhere || back.elsewhere});
    outside /= real(loop.bound);
    const double times = real(loop.bound - 1) * outside;
    filled_ += times * moved.filled;
    asked_ += times * moved.asked;
    back.rows += step.rows * (loop.bound - 1);
    back.columns += step.columns * (loop.bound - 1);
    back.elsewhere = back.elsewhere || step.elsewhere;
  });
}

/// Timeloop visits positions 0 and 1 of each loop, the latter for all that follow, and moves only new words
/// where the tile moves as it did the time before. Before an outer loop's step that is as the innermost
/// loop's.
void Boundary::count_timeloop_moves() {
  filled_ = box_;
  double outside = product_of_bounds(in_time_);
  MoveVector back;
  MoveVector innermost;
  for (auto loop = in_time_.rbegin(); loop != in_time_.rend(); ++loop) {
    const MoveVector step = vector_of(shape_, operand_, *loop);
    MoveVector move = step;
    for (const Dimension dimension : all_dimensions) {
      move[dimension] -= back[dimension];
      back[dimension] += step[dimension];
    }
    if (loop == in_time_.rbegin()) {
      innermost = step;
    }
    MoveVector elsewhere = move;
    elsewhere[Dimension::P] = elsewhere[Dimension::Q] = 0;
    const bool is_elsewhere = operand_ == Operand::inputs ? elsewhere != MoveVector{} : move != MoveVector{};
    const TileMove tile_move{move[Dimension::P], move[Dimension::Q], is_elsewhere};
    outside /= real(loop->bound);
    filled_ += real(loop->bound - 1) * outside * (move == innermost ? fresh_box(tile_move) : box_);
  }
  asked_ = filled_ * different_tiles();
}

}  // namespace mj
