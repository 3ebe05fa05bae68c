#include "search/nest_bounds.h"

#include <algorithm>

#include "search/extent_math.h"

namespace mj {
namespace {

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

/// Instances of a group that use the same words, at most.
PerOperand<double> members_of(const SpreadGroup& group) {
  return {{group.weights, group.inputs, group.outputs}};
}

/// Adds what so many words cost at each price, each at least what it costs to move all words once.
void add_costs(double words, const double* __restrict each, const double* __restrict once, std::size_t count,
               double* __restrict costs) {
  for (std::size_t i = 0; i < count; ++i) {
    costs[i] += std::max(words * each[i], once[i]);
  }
}

/// The same where the words are reused over the loops outside, but for those spread.
void add_reused_costs(double words, const double* __restrict each, const double* __restrict once,
                      double outside, const double* __restrict spread, std::size_t count,
                      double* __restrict costs) {
  for (std::size_t i = 0; i < count; ++i) {
    costs[i] += std::max(words * each[i] / std::max(1.0, outside / spread[i]), once[i]);
  }
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
  group_prices_.resize(space.stages.size());
  for (std::size_t stage = 1; stage < space.stages.size(); ++stage) {
    prepare_groups(stage);
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
  if (nest.tiles_from < stage) {
    for (const Dimension dimension : all_dimensions) {
      loops.next[dimension] = nest.tiles[stage - 1][dimension] / (tile[dimension] * spread[dimension]);
    }
    loops.decided = !is_trivial(loops.next);
    std::array<bool, 3> classes{};
    for (const Dimension dimension : all_dimensions) {
      classes.at(index_of(left_alone(dimension))) |= loops.next[dimension] > 1;
    }
    loops.go_on = std::count(classes.begin(), classes.end(), true) <= 1;
  }
  // Where all the next loops leave an operand alone, the reuse goes on further out.
  const Extents& reused = loops.decided && !loops.go_on ? loops.next : loops.outside;
  for (const Operand operand : all_operands) {
    loops.reuse.at(index_of(operand)) = reuse_of(operand, reused);
  }
  return loops;
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
      InputNeighbours around;
      find_neighbours(asked.outer, macs, nest, around);
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

double ClassBounds::least(const ByClass& reuse, const ByClass& inner) const {
  double least = infinite;
  for (const Operand alone : all_operands) {
    if (possible.at(index_of(alone))) {
      const std::size_t at = index_of(alone);
      least = std::min(least, others.at(at) + reused(alone, reuse.at(at)) + inner.at(at));
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

ByClass NestBounds::join_moves(std::size_t stage, const PartialNest& nest, const ByClass& inner) {
  const Loops loops = loops_outside(stage, nest);
  const ClassBounds bounds = class_bounds(stage, nest, loops);
  ByClass joined{};
  if (loops.decided && !loops.go_on) {
    joined.fill(bounds.least(loops.reuse, inner));
    return joined;
  }
  Class ended{};
  for (const Operand operand : all_operands) {
    ended.at(index_of(operand)) = reuse_of(operand, loops.next);
  }
  for (std::size_t outer = 0; outer < joined.size(); ++outer) {
    if (loops.decided) {
      // The reuse goes on where the loops further out are of the same class.
      Class reuse = ended;
      reuse.at(outer) = loops.reuse.at(outer);
      joined.at(outer) = bounds.least(reuse, inner);
    } else {
      Class only{infinite, infinite, infinite};
      only.at(outer) = inner.at(outer);
      joined.at(outer) = bounds.least(loops.reuse, only);
    }
  }
  return joined;
}

ClassBounds NestBounds::by_class(std::size_t stage, const PartialNest& nest) {
  return class_bounds(stage, nest, loops_outside(stage, nest));
}

/// What of_groups needs of each group, whatever the tile.
void NestBounds::prepare_groups(std::size_t stage) {
  for (const MoveTerm& move : terms_.moves[stage]) {
    const bool is_input = move.operand == Operand::inputs;
    GroupPrices& prices = group_prices_[stage].emplace_back();
    for (const SpreadGroup& group : space_.spreads[stage - 1]) {
      const PerOperand<double> members = members_of(group);
      const double shared = space_.shares[stage - 1][move.operand] ? members[move.operand] : 1;
      double each = move.filled;
      double once = move.filled * (is_input ? group.kernels : members[move.operand]);
      for (const AskedTerm& asked : move.asked) {
        each += asked.price / (shared * room(asked.outer, stage - 1, move.operand));
        once += asked.price;
      }
      if (move.visits != 0) {
        double all = members[move.operand];
        for (std::size_t between = move.visited; between < stage - 1; ++between) {
          all *= room_[between][move.operand];
        }
        each += move.visits / all;
        once += move.visits;
      }
      prices.each.push_back(each);
      prices.once.push_back(each == 0         ? 0
                            : move.filled < 0 ? -infinite  // a saving grows with the words
                                              : words_[move.operand] * once);
      // Less reuse only lowers a negative cost.
      prices.reused.push_back(each <= 0 ? infinite : is_input ? group.kernels : members[move.operand]);
    }
  }
}

void NestBounds::of_groups(std::size_t stage, const Extents& tile, std::vector<double>& bounds) {
  const std::vector<SpreadGroup>& groups = space_.spreads[stage - 1];
  const double visits = macs_ / volume(tile);
  const PerOperand<double> moved{{visits * tile_words(*space_.shape, Operand::weights, tile),
                                  visits * all_words(tile, nullptr),
                                  visits * tile_words(*space_.shape, Operand::outputs, tile)}};
  const Class input_shares = least_input_shares(tile);
  const bool has_loops = *std::min_element(input_shares.begin(), input_shares.end()) < infinite;
  for (std::vector<double>& costs : class_costs_) {
    costs.assign(groups.size(), 0);
  }
  for (std::size_t i = 0; i < terms_.moves[stage].size(); ++i) {
    const Operand operand = terms_.moves[stage][i].operand;
    const GroupPrices& prices = group_prices_[stage][i];
    for (const Operand alone : all_operands) {
      const bool has_share = operand == Operand::inputs && has_loops;
      const double share = has_share ? input_shares.at(index_of(alone)) : 1;
      std::vector<double>& costs = class_costs_.at(index_of(alone));
      if (share == infinite) {
        costs.assign(groups.size(), infinite);  // no loops are of this class
      } else if (alone == operand) {
        const double outside = reuse_of(operand, space_.whole) / reuse_of(operand, tile);
        add_reused_costs(moved[operand] * share, prices.each.data(), prices.once.data(), outside,
                         prices.reused.data(), groups.size(), costs.data());
      } else {
        add_costs(moved[operand] * share, prices.each.data(), prices.once.data(), groups.size(),
                  costs.data());
      }
    }
  }
  bounds.resize(groups.size());
  for (std::size_t group = 0; group < groups.size(); ++group) {
    bounds[group] =
        std::min(std::min(class_costs_[0][group], class_costs_[1][group]), class_costs_[2][group]);
  }
  if (terms_.shared_starts[stage] != 0) {
    const double most = reuse_of(Operand::outputs, space_.whole) / reuse_of(Operand::outputs, tile);
    for (std::size_t group = 0; group < groups.size(); ++group) {
      double added = groups[group].outputs;
      for (std::size_t between = 0; between < stage - 1; ++between) {
        added *= room_[between][Operand::outputs];
      }
      bounds[group] += terms_.shared_starts[stage] * std::min(added, most);
    }
  }
}

}  // namespace mj
