#include "search/nest_bounds.h"

#include <algorithm>
#include <limits>

namespace mj {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr int64_t elsewhere = std::numeric_limits<int32_t>::max();

double real(int64_t count) {
  return static_cast<double>(count);
}

double volume(const Extents& extents) {
  double product = 1;
  for (const int64_t extent : extents.values) {
    product *= real(extent);
  }
  return product;
}

std::size_t index_of(Operand operand) {
  return static_cast<std::size_t>(operand);
}

bool slides(Dimension dimension) {
  return dimension == Dimension::P || dimension == Dimension::Q || dimension == Dimension::R ||
         dimension == Dimension::S;
}

/// Product of the bounds that leave an operand alone.
double reuse_of(Operand operand, const Extents& bounds) {
  const auto& [n, k, c, p, q, r, s] = bounds.values;
  switch (operand) {
    case Operand::weights:
      return real(n) * real(p) * real(q);
    case Operand::inputs:
      return real(k);
    case Operand::outputs:
      return real(c) * real(r) * real(s);
  }
  return 1;
}

bool is_trivial(const Extents& bounds) {
  return std::all_of(bounds.values.begin(), bounds.values.end(), [](int64_t bound) { return bound == 1; });
}

int64_t smallest_factor(int64_t number) {
  for (int64_t factor = 2; factor * factor <= number; ++factor) {
    if (number % factor == 0) {
      return factor;
    }
  }
  return number;
}

/// Instances of a group that use the same words, at most.
PerOperand<double> members_of(const SpreadGroup& group) {
  return {{group.weights, group.inputs, group.outputs}};
}

/// Less reuse only lowers a negative cost.
double with_reuse(double cost, double reuse) {
  return cost > 0 ? cost / reuse : cost;
}

}  // namespace

NestBounds::NestBounds(const NestSpace& space, const NestTerms& terms, Counting counting)
    : space_(space),
      terms_(terms),
      counting_(counting),
      macs_(volume(space.whole)),
      rows_(space.shape->stride[0], space.shape->dilation[0]),
      columns_(space.shape->stride[1], space.shape->dilation[1]) {
  for (const std::vector<SpreadGroup>& groups : space.spreads) {
    PerOperand<double> most{{1, 1, 1}};
    for (const SpreadGroup& group : groups) {
      const PerOperand<double> members = members_of(group);
      for (const Operand operand : all_operands) {
        most[operand] = std::max(most[operand], members[operand]);
      }
    }
    room_.push_back(most);
  }
  for (const Operand operand : all_operands) {
    words_[operand] = tile_words(*space.shape, operand, space.whole, false);
  }
}

/// The most that instances of undecided spreads can share.
double NestBounds::room(std::size_t outer, std::size_t decided, Operand operand) const {
  double product = 1;
  for (std::size_t stage = outer; stage < decided; ++stage) {
    product *= space_.shares[stage][operand] ? room_[stage][operand] : 1;
  }
  return product;
}

double NestBounds::rest(Operand operand, const PartialNest& nest) const {
  const Extents& tile = nest.tiles[nest.tiles_from];
  double most = reuse_of(operand, space_.whole) / reuse_of(operand, tile);
  if (nest.spreads_from < nest.tiles_from) {
    most /= reuse_of(operand, nest.spreads[nest.spreads_from]);
  }
  return most;
}

double NestBounds::share(Operand operand, bool always, std::size_t outer, std::size_t stage,
                         const PartialNest& nest) const {
  double decided = 1;
  double undecided = 1;
  for (std::size_t between = outer; between < stage && between < room_.size(); ++between) {
    if (!always && !space_.shares[between][operand]) {
      continue;
    }
    if (between < nest.spreads_from) {
      undecided *= room_[between][operand];
    } else {
      decided *= reuse_of(operand, nest.spreads[between]);
    }
  }
  return undecided == 1 ? decided : decided * std::min(undecided, rest(operand, nest));
}

NestBounds::InputNeighbours NestBounds::neighbours(std::size_t outer, std::size_t stage,
                                                   const PartialNest& nest) const {
  InputNeighbours found;
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
  return found;
}

NestBounds::Loops NestBounds::loops_outside(std::size_t stage, const PartialNest& nest) const {
  Loops loops;
  const Extents& tile = nest.tiles[stage];
  const Extents& spread = nest.spreads[stage - 1];
  for (const Dimension dimension : all_dimensions) {
    int64_t inside = tile[dimension];
    for (std::size_t between = nest.spreads_from; between < stage; ++between) {
      inside *= nest.spreads[between][dimension];
    }
    loops.outside[dimension] = space_.whole[dimension] / inside;
  }
  bool of_one_class = true;
  if (nest.tiles_from < stage) {
    for (const Dimension dimension : all_dimensions) {
      loops.next[dimension] = nest.tiles[stage - 1][dimension] / (tile[dimension] * spread[dimension]);
    }
    loops.decided = !is_trivial(loops.next);
    std::array<bool, 3> classes{};
    for (const Dimension dimension : all_dimensions) {
      classes.at(index_of(left_alone(dimension))) |= loops.next[dimension] > 1;
    }
    of_one_class = std::count(classes.begin(), classes.end(), true) <= 1;
  }
  // Where all the next loops leave an operand alone, the reuse goes on further out.
  const Extents& reused = loops.decided && !of_one_class ? loops.next : loops.outside;
  for (const Operand operand : all_operands) {
    loops.reuse.at(index_of(operand)) = reuse_of(operand, reused);
  }
  return loops;
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

/// Weights and outputs without any reuse from loops outside.
double NestBounds::of_word_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest) const {
  const double moved =
      tile_words(*space_.shape, move.operand, nest.tiles[stage]) * (macs_ / volume(nest.tiles[stage]));
  double cost = moved * move.filled;
  for (const AskedTerm& asked : move.asked) {
    cost += moved * asked.price / share(move.operand, false, asked.outer, stage, nest);
  }
  if (move.visits != 0) {
    cost += moved * move.visits / share(move.operand, true, move.visited, stage, nest);
  }
  return cost;
}

/// Each word of weights or outputs passes the outer level once, and reaches each instance that needs it.
double NestBounds::least_word_moves(const MoveTerm& move, std::size_t stage, const PartialNest& nest) const {
  if (move.filled < 0) {
    return -infinite;  // a saving grows with the words
  }
  double instances = 1;
  for (std::size_t between = nest.spreads_from; between < stage; ++between) {
    instances *= reuse_of(move.operand, nest.spreads[between]);
  }
  double price = move.filled * instances + move.visits;
  for (const AskedTerm& asked : move.asked) {
    price += asked.price;
  }
  return price * words_[move.operand];
}

/// Whether the tile's rows (columns) are without holes.
bool NestBounds::is_smooth(const Extents& tile, Dimension dimension) {
  const bool is_row = dimension == Dimension::P || dimension == Dimension::R;
  AxisTable& axis = is_row ? rows_ : columns_;
  const Dimension output = is_row ? Dimension::P : Dimension::Q;
  const Dimension tap = is_row ? Dimension::R : Dimension::S;
  const int64_t outputs = tile[output];
  const int64_t taps = tile[tap];
  // With one output or one tap nothing ever falls into the holes.
  return space_.whole[output] == 1 || space_.whole[tap] == 1 ||
         positions_met(outputs, taps, axis.stride(), axis.dilation()) ==
             (outputs - 1) * axis.stride() + (taps - 1) * axis.dilation() + 1;
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
    return real(spread[output] * spread[tap] == 1
                    ? positions_met(outputs, taps, axis.stride(), axis.dilation())
                    : outputs + taps - 1);
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
  std::vector<InputNeighbours> around;
  for (const AskedTerm& asked : move.asked) {
    around.push_back(neighbours(asked.outer, stage, nest));
  }
  const auto cost = [&](double times, const auto& words) {
    double sum = times * move.filled * words(nullptr);
    for (std::size_t i = 0; i < around.size(); ++i) {
      sum += times / around[i].instances * move.asked[i].price * words(&around[i]);
    }
    return sum;
  };
  const auto whole = [&](const InputNeighbours* n) { return all_words(tile, n); };
  const double full = cost(visits, whole);
  if (is_trivial(loops.outside)) {
    return {full, full, full};
  }
  Extents inside;
  for (const Dimension dimension : all_dimensions) {
    inside[dimension] = tile[dimension] * spread[dimension];
  }
  // Its own steps of a sliding loop bring new words, whatever the others bring.
  const Extents& first = loops.decided ? loops.next : loops.outside;
  const auto step_of = [&](Dimension dimension) {
    // Further out a step is longer, which brings more words only where there are no holes.
    if (!loops.decided && counting_ == Counting::exact && !is_smooth(tile, dimension)) {
      return 0.0;
    }
    return cost(visits,
                [&](const InputNeighbours* n) { return new_words(tile, dimension, inside[dimension], n); });
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
  double least_move = infinite;  // of a loop that is not over K, in exact counting
  for (const Dimension dimension : all_dimensions) {
    const int64_t bound = loops.outside[dimension];
    if (bound > 1 && dimension != Dimension::K) {
      const bool part = slides(dimension) && counting_ == Counting::exact;
      const bool known = !part || is_smooth(tile, dimension);
      least_move = std::min(least_move, !known ? 0 : part ? step_of(dimension) / 2 : full / 2);
    }
    if (first[dimension] > 1 && dimension != Dimension::K) {
      double& of_class = costs.at(index_of(left_alone(dimension)));
      of_class = std::min(of_class, slides(dimension) ? sliding(dimension, first[dimension]) : full);
    }
  }
  if (first[Dimension::K] > 1) {
    const bool is_plain = counting_ == Counting::timeloop && !may_cancel(inside, loops.outside);
    costs.at(index_of(Operand::inputs)) = is_plain || least_move == infinite ? full : least_move;
  }
  least = least_input_words(move, stage, nest, loops);
  return costs;
}

double NestBounds::starts(std::size_t stage, const PartialNest& nest) const {
  if (terms_.shared_starts[stage] == 0) {
    return 0;
  }
  double added = 1;
  for (std::size_t between = 0; between < stage; ++between) {
    added *= between < nest.spreads_from ? room_[between][Operand::outputs]
                                         : reuse_of(Operand::outputs, nest.spreads[between]);
  }
  const Extents& tile = nest.tiles[stage];
  const double most = reuse_of(Operand::outputs, space_.whole) / reuse_of(Operand::outputs, tile);
  return terms_.shared_starts[stage] * std::min(added, most);
}

double NestBounds::macs_bound(const PartialNest& nest) {
  double cost = 0;
  const std::size_t macs = space_.stages.size();
  for (const MoveTerm& move : terms_.moves[macs]) {
    for (const AskedTerm& asked : move.asked) {
      if (move.operand != Operand::inputs) {
        cost += macs_ * asked.price / share(move.operand, false, asked.outer, macs, nest);
        continue;
      }
      const InputNeighbours around = neighbours(asked.outer, macs, nest);
      cost += macs_ * asked.price / around.instances * around.different *
              real(different_offsets(around.rows)) * real(different_offsets(around.columns));
    }
  }
  return cost;
}

ClassBounds NestBounds::class_bounds(std::size_t stage, const PartialNest& nest, const Loops& loops) {
  ClassBounds bounds;
  for (const MoveTerm& move : terms_.moves[stage]) {
    const std::size_t own = index_of(move.operand);
    Class costs{};
    double least = 0;
    if (move.operand == Operand::inputs) {
      costs = of_input_moves(move, stage, nest, loops, least);
      for (double& cost : costs) {
        cost = std::max(cost, least);
      }
    } else {
      costs.fill(of_word_moves(move, stage, nest));
      least = least_word_moves(move, stage, nest);
    }
    bounds.floor[move.operand] += least;
    for (std::size_t alone = 0; alone < costs.size(); ++alone) {
      (alone == own ? bounds.own : bounds.others).at(alone) += costs.at(alone);
    }
  }
  const Extents& first = loops.decided ? loops.next : loops.outside;
  for (const Dimension dimension : all_dimensions) {
    bounds.possible.at(index_of(left_alone(dimension))) |= first[dimension] > 1;
  }
  if (is_trivial(loops.outside)) {
    bounds.possible = {true, true, true};
  }
  bounds.starts = starts(stage, nest);
  return bounds;
}

double ClassBounds::reused(Operand alone, double reuse) const {
  return std::max(with_reuse(own.at(index_of(alone)), reuse), floor[alone]);
}

double ClassBounds::least(const std::array<double, 3>& reuse) const {
  double least = infinite;
  for (const Operand alone : all_operands) {
    if (possible.at(index_of(alone))) {
      least = std::min(least, others.at(index_of(alone)) + reused(alone, reuse.at(index_of(alone))));
    }
  }
  return least + starts;
}

double NestBounds::of_moves(std::size_t stage, const PartialNest& nest) {
  if (stage == space_.stages.size()) {
    return macs_bound(nest);
  }
  const Loops loops = loops_outside(stage, nest);
  return class_bounds(stage, nest, loops).least(loops.reuse);
}

ClassBounds NestBounds::by_class(std::size_t stage, const PartialNest& nest) {
  PartialNest undecided = nest;
  undecided.tiles_from = stage;
  return class_bounds(stage, undecided, loops_outside(stage, undecided));
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

void NestBounds::of_groups(std::size_t stage, const Extents& tile, std::vector<double>& bounds) {
  const std::vector<SpreadGroup>& groups = space_.spreads[stage - 1];
  const double visits = macs_ / volume(tile);
  PerOperand<double> moved{{visits * tile_words(*space_.shape, Operand::weights, tile),
                            visits * all_words(tile, nullptr),
                            visits * tile_words(*space_.shape, Operand::outputs, tile)}};
  const Class input_shares = least_input_shares(tile);
  const bool has_loops = *std::min_element(input_shares.begin(), input_shares.end()) < infinite;
  Class outside{};
  for (const Operand operand : all_operands) {
    outside.at(index_of(operand)) = reuse_of(operand, space_.whole) / reuse_of(operand, tile);
  }
  const auto& shares = space_.shares[stage - 1];
  bounds.clear();
  for (const SpreadGroup& group : groups) {
    const PerOperand<double> members = members_of(group);
    const Class reused{group.weights, group.kernels, group.outputs};
    Class costs{};
    for (const MoveTerm& move : terms_.moves[stage]) {
      const double shared = shares[move.operand] ? members[move.operand] : 1;
      double price = move.filled;
      double once_price =
          move.filled * (move.operand == Operand::inputs ? group.kernels : members[move.operand]);
      for (const AskedTerm& asked : move.asked) {
        price += asked.price / (shared * room(asked.outer, stage - 1, move.operand));
        once_price += asked.price;
      }
      if (move.visits != 0) {
        double all = members[move.operand];
        for (std::size_t between = move.visited; between < stage - 1; ++between) {
          all *= room_[between][move.operand];
        }
        price += move.visits / all;
        once_price += move.visits;
      }
      const double cost = moved[move.operand] * price;
      if (cost == 0) {
        continue;
      }
      const double floor = move.filled < 0 ? -infinite : words_[move.operand] * once_price;
      const std::size_t own = index_of(move.operand);
      for (std::size_t alone = 0; alone < costs.size(); ++alone) {
        const double reuse = alone == own ? std::max(1.0, outside.at(own) / reused.at(own)) : 1;
        if (move.operand != Operand::inputs) {
          costs.at(alone) += std::max(with_reuse(cost, reuse), floor);
        } else {
          costs.at(alone) += std::max(cost * (has_loops ? input_shares.at(alone) : 1) / reuse, floor);
        }
      }
    }
    double start = terms_.shared_starts[stage];
    if (start != 0) {
      double added = group.outputs;
      for (std::size_t between = 0; between < stage - 1; ++between) {
        added *= room_[between][Operand::outputs];
      }
      start *= std::min(added, outside.at(index_of(Operand::outputs)));
    }
    bounds.push_back(*std::min_element(costs.begin(), costs.end()) + start);
  }
}

}  // namespace mj
