#include <algorithm>

#include "search/extent_math.h"
#include "search/nest_bounds.h"

namespace mj {
namespace {

bool slides(Dimension dimension) {
  return dimension == Dimension::P || dimension == Dimension::Q || dimension == Dimension::R ||
         dimension == Dimension::S;
}

int64_t smallest_factor(int64_t number) {
  for (int64_t factor = 2; factor * factor <= number; ++factor) {
    if (number % factor == 0) {
      return factor;
    }
  }
  return number;
}

}  // namespace

void NestBounds::find_neighbours(std::size_t outer, std::size_t stage, const PartialNest& nest,
                                 InputNeighbours& found) const {
  found.rows.clear();
  found.columns.clear();
  found.different = 1;
  found.instances = 1;
  for (std::size_t between = outer; between < stage && between < room_.size(); ++between) {
    const bool shared = space_.shares[between][Operand::inputs];
    if (between < nest.spreads_from) {
      found.instances *= shared ? room_[between][Operand::inputs] : 1;
      continue;
    }
    const Extents& spread = nest.spreads[between];
    for (const Dimension dimension : all_dimensions) {
      const int64_t bound = spread[dimension];
      if (bound == 1) {
        continue;
      }
      const int64_t below = nest.tiles[between + 1][dimension];
      found.instances *= real(bound);
      if (shared && (dimension == Dimension::P || dimension == Dimension::R)) {
        found.rows.push_back(
            {bound, below * (dimension == Dimension::P ? rows_.stride() : rows_.dilation())});
      } else if (shared && (dimension == Dimension::Q || dimension == Dimension::S)) {
        found.columns.push_back(
            {bound, below * (dimension == Dimension::Q ? columns_.stride() : columns_.dilation())});
      } else if (!shared || dimension != Dimension::K) {
        found.different *= real(bound);
      }
    }
  }
}

/// Whether rows or columns of P and R (Q and S) loops outside may add up to the same place.
bool NestBounds::may_cancel(const Extents& inside, const Extents& outside) const {
  const auto on_axis = [&](Dimension output, Dimension tap, const AxisTable& axis) {
    return outside[output] > 1 && outside[tap] > 1 &&
           inside[output] * axis.stride() <= (space_.whole[tap] - 1) * axis.dilation();
  };
  return on_axis(Dimension::P, Dimension::R, rows_) || on_axis(Dimension::Q, Dimension::S, columns_);
}

/// Words of a whole tile, or of all neighbours' tiles together.
double NestBounds::all_words(const Extents& tile, const InputNeighbours* neighbours) {
  const auto& [n, k, c, p, q, r, s] = tile.values;
  if (counting_ == Counting::timeloop) {
    const double box = tile_words(*space_.shape, Operand::inputs, tile);
    return neighbours == nullptr ? box
                                 : box * neighbours->different * real(different_offsets(neighbours->rows)) *
                                       real(different_offsets(neighbours->columns));
  }
  if (neighbours == nullptr) {
    return real(n) * real(c) * rows_.rows(p, r, {}, elsewhere).held * columns_.rows(q, s, {}, elsewhere).held;
  }
  return real(n) * real(c) * neighbours->different *
         rows_.rows(p, r, neighbours->rows, elsewhere).held_by_all *
         columns_.rows(q, s, neighbours->columns, elsewhere).held_by_all;
}

/// New words after one step of a loop over P, Q, R or S.
double NestBounds::new_words(const Extents& tile, Dimension dimension, int64_t below,
                             const InputNeighbours* neighbours) {
  const auto& [n, k, c, p, q, r, s] = tile.values;
  const bool is_row = dimension == Dimension::P || dimension == Dimension::R;
  const AxisTable& axis = is_row ? rows_ : columns_;
  const bool is_output = dimension == Dimension::P || dimension == Dimension::Q;
  const int64_t shift = below * (is_output ? axis.stride() : axis.dilation());
  if (counting_ == Counting::timeloop) {
    const int64_t outputs = is_row ? p : q;
    const int64_t taps = is_row ? r : s;
    const int64_t length = (outputs - 1) * axis.stride() + (taps - 1) * axis.dilation() + 1;
    return all_words(tile, neighbours) * real(std::min(shift, length)) / real(length);
  }
  const double maps = real(n) * real(c);
  if (neighbours == nullptr) {
    const AxisRows& rows = rows_.rows(p, r, {}, is_row ? shift : 0);
    const AxisRows& columns = columns_.rows(q, s, {}, is_row ? 0 : shift);
    return maps * (is_row ? rows.fresh * columns.held : rows.held * columns.fresh);
  }
  const AxisRows& rows = rows_.rows(p, r, neighbours->rows, is_row ? shift : 0);
  const AxisRows& columns = columns_.rows(q, s, neighbours->columns, is_row ? 0 : shift);
  return maps * neighbours->different *
         (is_row ? rows.fresh_for_all * columns.held_by_all : rows.held_by_all * columns.fresh_for_all);
}

/// Whether the tile's rows (columns) are without holes.
bool NestBounds::is_smooth(const Extents& tile, Dimension dimension) {
  const bool is_row = dimension == Dimension::P || dimension == Dimension::R;
  const AxisTable& axis = is_row ? rows_ : columns_;
  const Dimension output = is_row ? Dimension::P : Dimension::Q;
  const Dimension tap = is_row ? Dimension::R : Dimension::S;
  const int64_t outputs = tile[output];
  const int64_t taps = tile[tap];
  // With one output or one tap nothing ever falls into the holes.
  return space_.whole[output] == 1 || space_.whole[tap] == 1 ||
         axis.positions(outputs, taps) == (outputs - 1) * axis.stride() + (taps - 1) * axis.dilation() + 1;
}

/// Each instance receives each of its words at least once; each word leaves the outer level at least once. In
/// Timeloop's counting too: where it takes a step for one of the innermost loop, the tile before that step is
/// one that was there.
double NestBounds::least_input_words(const MoveTerm& move, std::size_t stage, const PartialNest& nest,
                                     const Loops& loops) {
  const Extents& tile = nest.tiles[stage];
  Extents spread{{1, 1, 1, 1, 1, 1, 1}};
  for (std::size_t between = nest.spreads_from; between < stage; ++between) {
    for (const Dimension dimension : all_dimensions) {
      spread[dimension] *= nest.spreads[between][dimension];
    }
  }
  const auto length = [&](Dimension output, Dimension tap, const AxisTable& axis) {
    const int64_t outputs = tile[output] * loops.outside[output];
    const int64_t taps = tile[tap] * loops.outside[tap];
    // A sum of two sets has at least as many members as both less one (what the spread leaves may have gaps).
    return real(spread[output] * spread[tap] == 1 ? axis.positions(outputs, taps) : outputs + taps - 1);
  };
  const double maps = real(tile[Dimension::N] * loops.outside[Dimension::N]) *
                      real(tile[Dimension::C] * loops.outside[Dimension::C]);
  double cost = move.filled * volume(spread) * maps * length(Dimension::P, Dimension::R, rows_) *
                length(Dimension::Q, Dimension::S, columns_);
  for (const AskedTerm& asked : move.asked) {
    cost += asked.price * words_[Operand::inputs];
  }
  return cost;
}

/// Inputs, by the operand that the innermost loops leave alone.
NestBounds::Class NestBounds::of_input_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest,
                                             const Loops& loops, double& least) {
  const Extents& tile = nest.tiles[stage];
  const Extents& spread = nest.spreads[stage - 1];
  const double visits = macs_ / volume(tile);
  around_.resize(move.asked.size());
  for (std::size_t i = 0; i < around_.size(); ++i) {
    find_neighbours(move.asked[i].outer, stage, nest, around_[i]);
  }
  const auto cost = [&](const auto& words) {
    const double alone = words(nullptr);
    double sum = move.filled * alone;
    for (std::size_t i = 0; i < around_.size(); ++i) {
      const InputNeighbours& around = around_[i];
      const bool share_nothing = around.rows.size() + around.columns.size() == 0;
      sum += move.asked[i].price / around.instances *
             (share_nothing ? around.different * alone : words(&around));
    }
    return visits * sum;
  };
  const double full = cost([&](const InputNeighbours* n) { return all_words(tile, n); });
  if (is_trivial(loops.outside)) {
    return {full, full, full};
  }
  Extents inside;
  for (const Dimension dimension : all_dimensions) {
    inside[dimension] = tile[dimension] * spread[dimension];
  }
  // Its own steps of a sliding loop bring new words, whatever the others bring.
  const Extents& first = loops.decided ? loops.next : loops.outside;
  Extents known{{-1, -1, -1, -1, -1, -1, -1}};
  PerDimension<double> steps_known;
  const auto step_of = [&](Dimension dimension) {
    // Further out a step is longer, which brings more words only where there are no holes.
    if (!loops.decided && counting_ == Counting::exact && !is_smooth(tile, dimension)) {
      return 0.0;
    }
    if (known[dimension] < 0) {
      known[dimension] = 1;
      steps_known[dimension] =
          cost([&](const InputNeighbours* n) { return new_words(tile, dimension, inside[dimension], n); });
    }
    return steps_known[dimension];
  };
  const auto sliding = [&](Dimension dimension, int64_t bound) {
    const double step = step_of(dimension);
    const double b = real(bound);
    if (counting_ == Counting::exact) {
      const double steps = real(loops.decided ? bound : smallest_factor(bound));
      return step * (steps - 1) / steps;
    }
    const bool is_plain = loops.decided && bound > 2 && !may_cancel(inside, loops.outside);
    return is_plain ? step + (full - step) / b : step;
  };
  Class costs{infinite, infinite, infinite};
  for (const Dimension dimension : all_dimensions) {
    if (first[dimension] > 1 && dimension != Dimension::K) {
      double& of_class = costs.at(index_of(left_alone(dimension)));
      of_class = std::min(of_class, slides(dimension) ? sliding(dimension, first[dimension]) : full);
    }
  }
  if (first[Dimension::K] > 1) {
    costs.at(index_of(Operand::inputs)) = full;
    if (counting_ != Counting::timeloop || may_cancel(inside, loops.outside)) {
      double least_move = infinite;  // of a loop that is not over K
      for (const Dimension dimension : all_dimensions) {
        if (loops.outside[dimension] > 1 && dimension != Dimension::K) {
          const bool part = slides(dimension) && counting_ == Counting::exact;
          const bool has_holes = part && !is_smooth(tile, dimension);
          least_move = std::min(least_move, has_holes ? 0 : (part ? step_of(dimension) : full) / 2);
        }
      }
      costs.at(index_of(Operand::inputs)) = least_move == infinite ? full : least_move;
    }
  }
  least = least_input_words(move, stage, nest, loops);
  return costs;
}

/// Of the inputs that would move without reuse, those that do, by the operand that the innermost loops leave
/// alone; infinite where no loop does.
NestBounds::Class NestBounds::least_input_shares(const Extents& tile) {
  Extents outside;
  for (const Dimension dimension : all_dimensions) {
    outside[dimension] = space_.whole[dimension] / tile[dimension];
  }
  const double whole = all_words(tile, nullptr);
  const bool exact = counting_ == Counting::exact;
  Class shares{infinite, infinite, infinite};
  double least_move = infinite;
  for (const Dimension dimension : all_dimensions) {
    if (outside[dimension] == 1 || dimension == Dimension::K) {
      continue;
    }
    double share = 1;
    if (slides(dimension)) {
      const bool known = !exact || is_smooth(tile, dimension);
      share = known ? new_words(tile, dimension, tile[dimension], nullptr) / whole : 0;
    }
    least_move = std::min(least_move, (exact ? share : 1) / 2);
    if (exact && slides(dimension)) {
      const double least = real(smallest_factor(outside[dimension]));
      share *= (least - 1) / least;
    }
    double& of_class = shares.at(index_of(left_alone(dimension)));
    of_class = std::min(of_class, share);
  }
  if (outside[Dimension::K] > 1) {
    const bool is_plain = least_move == infinite || (!exact && !may_cancel(tile, outside));
    shares.at(index_of(Operand::inputs)) = is_plain ? 1 : least_move;
  }
  return shares;
}

}  // namespace mj
