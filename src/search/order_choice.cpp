#include "search/order_choice.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "search/extent_math.h"

namespace mj {
namespace {

constexpr int64_t elsewhere = std::numeric_limits<int32_t>::max();

/// Whether `a` is at most `b` in all prices.
bool is_no_worse(const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) {
      return false;
    }
  }
  return true;
}

/// Adds what no other beats; of equals the first stays.
template <class Priced>
void keep_best(std::vector<Priced>& kept, Priced added) {
  for (const Priced& other : kept) {
    if (is_no_worse(other.prices, added.prices)) {
      return;
    }
  }
  std::erase_if(kept, [&](const Priced& other) { return is_no_worse(added.prices, other.prices); });
  kept.push_back(std::move(added));
}

/// Instances, and different tiles among them, below one instance of an outer stage.
struct Around {
  double instances = 1;
  double different = 1;
  AxisSpreads rows;
  AxisSpreads columns;
};

Around look_around(const NestSpace& space, Operand operand, bool always, std::size_t outer, std::size_t inner,
                   const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) {
  Around found;
  for (std::size_t between = outer; between < inner && between < spreads.size(); ++between) {
    const bool shares = always || space.shares[between][operand];
    for (const Dimension dimension : all_dimensions) {
      const int64_t bound = spreads[between][dimension];
      if (bound == 1) {
        continue;
      }
      const int64_t below = tiles[between + 1][dimension];
      found.instances *= real(bound);
      const bool differs = is_relevant(operand, dimension);
      const bool is_row = dimension == Dimension::P || dimension == Dimension::R;
      const bool is_column = dimension == Dimension::Q || dimension == Dimension::S;
      const std::size_t axis = is_row ? 0 : 1;
      const bool is_output = dimension == Dimension::P || dimension == Dimension::Q;
      const int64_t step =
          below * (is_output ? space.shape->stride.at(axis) : space.shape->dilation.at(axis));
      if (!shares || (differs && (operand != Operand::inputs || !(is_row || is_column)))) {
        found.different *= real(bound);
      } else if (differs) {
        (is_row ? found.rows : found.columns).push_back({bound, step});
      }
    }
  }
  return found;
}

double different_tiles(const Around& around) {
  return around.different * real(different_offsets(around.rows)) * real(different_offsets(around.columns));
}

double instances_at(std::size_t stage, const std::vector<Extents>& spreads) {
  double product = 1;
  for (std::size_t i = 0; i < stage && i < spreads.size(); ++i) {
    for (const int64_t bound : spreads[i].values) {
      product *= real(bound);
    }
  }
  return product;
}

}  // namespace

OrderChoice::OrderChoice(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting)
    : space_(space),
      terms_(std::move(terms)),
      counting_(counting),
      rows_(space.shape->stride[0], space.shape->dilation[0]),
      columns_(space.shape->stride[1], space.shape->dilation[1]) {}

OrderChoice::Move OrderChoice::step_of(Dimension dimension, int64_t below) const {
  switch (dimension) {
    case Dimension::N:
      return {below, 0, 0, 0};
    case Dimension::C:
      return {0, below, 0, 0};
    case Dimension::P:
      return {0, 0, below * rows_.stride(), 0};
    case Dimension::R:
      return {0, 0, below * rows_.dilation(), 0};
    case Dimension::Q:
      return {0, 0, 0, below * columns_.stride()};
    case Dimension::S:
      return {0, 0, 0, below * columns_.dilation()};
    case Dimension::K:
      return {};
  }
  return {};
}

OrderChoice::StageCosts OrderChoice::costs_into(std::size_t stage, const NestTerms& terms,
                                                const std::vector<Extents>& tiles,
                                                const std::vector<Extents>& spreads) const {
  StageCosts costs;
  const double inner = instances_at(stage, spreads);
  for (const MoveTerm& move : terms.moves[stage]) {
    const bool exact_inputs = move.operand == Operand::inputs && counting_ == Counting::exact;
    if (exact_inputs) {
      costs.inputs.push_back({move.filled * inner, 1, 1, {}, {}});
      for (const AskedTerm& asked : move.asked) {
        const Around around = look_around(space_, move.operand, false, asked.outer, stage, tiles, spreads);
        costs.inputs.push_back({asked.price * instances_at(asked.outer, spreads), 1, around.different,
                                around.rows, around.columns});
      }
      continue;
    }
    double word = move.filled * inner;
    for (const AskedTerm& asked : move.asked) {
      word += asked.price * instances_at(asked.outer, spreads) *
              different_tiles(look_around(space_, move.operand, false, asked.outer, stage, tiles, spreads));
    }
    if (move.visits != 0) {
      word += move.visits * instances_at(move.visited, spreads) *
              different_tiles(look_around(space_, move.operand, true, move.visited, stage, tiles, spreads));
    }
    const double words = tile_words(*space_.shape, move.operand, tiles[stage]);
    (move.operand == Operand::weights   ? costs.weights
     : move.operand == Operand::outputs ? costs.outputs
                                        : costs.box_word) +=
        move.operand == Operand::inputs ? word : word * words;
  }
  return costs;
}

/// What no order changes: the MACs' own accesses, the first visits, Timeloop's first updates.
std::vector<double> OrderChoice::fixed_prices(const std::vector<Extents>& tiles,
                                              const std::vector<Extents>& spreads) const {
  std::vector<double> prices;
  const std::size_t macs_stage = space_.stages.size();
  double macs = 1;
  for (const int64_t extent : space_.whole.values) {
    macs *= real(extent);
  }
  for (const NestTerms* terms : terms_) {
    double price = terms->constant;
    for (const MoveTerm& move : terms->moves[macs_stage]) {
      for (const AskedTerm& asked : move.asked) {
        const Around around =
            look_around(space_, move.operand, false, asked.outer, macs_stage, tiles, spreads);
        price += asked.price * macs / around.instances * different_tiles(around);
      }
    }
    double added = 1;
    for (std::size_t stage = 0; stage < macs_stage; ++stage) {
      price += terms->shared_starts[stage] * added;
      if (stage < spreads.size()) {
        for (const Dimension dimension : all_dimensions) {
          added *= is_relevant(Operand::outputs, dimension) ? 1 : real(spreads[stage][dimension]);
        }
      }
    }
    prices.push_back(price);
  }
  return prices;
}

void OrderChoice::prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) {
  const std::size_t stages = space_.stages.size();
  tiles_ = tiles;
  loops_.assign(stages, {});
  double outside = 1;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    StageLoops& loops = loops_[stage];
    loops.outside = outside;
    for (const Dimension dimension : all_dimensions) {
      const int64_t below = stage + 1 < stages ? tiles[stage + 1][dimension] * spreads[stage][dimension] : 1;
      const int64_t bound = tiles[stage][dimension] / below;
      if (bound > 1) {
        loops.dimensions.push_back(dimension);
        loops.bounds.push_back(bound);
        loops.steps.push_back(step_of(dimension, below));
        outside *= real(bound);
      }
    }
  }
  costs_.assign(stages, {});
  for (std::size_t stage = 1; stage < stages; ++stage) {
    for (const NestTerms* terms : terms_) {
      costs_[stage].push_back(costs_into(stage, *terms, tiles, spreads));
    }
  }
}

double OrderChoice::fresh_box(std::size_t inner, const Move& move) const {
  const auto& [n, k, c, p, q, r, s] = tiles_[inner].values;
  const int64_t height = (p - 1) * rows_.stride() + (r - 1) * rows_.dilation() + 1;
  const int64_t width = (q - 1) * columns_.stride() + (s - 1) * columns_.dilation() + 1;
  const double box = real(n) * real(c) * real(height) * real(width);
  if (move[0] != 0 || move[1] != 0) {
    return box;
  }
  const int64_t kept =
      std::max<int64_t>(0, height - std::abs(move[2])) * std::max<int64_t>(0, width - std::abs(move[3]));
  return box - real(n) * real(c) * real(kept);
}

double OrderChoice::fresh_words(std::size_t inner, const Move& move, const StageCosts& costs) {
  const bool is_elsewhere = move[0] != 0 || move[1] != 0;
  if (move == Move{}) {
    return 0;
  }
  const auto& [n, k, c, p, q, r, s] = tiles_[inner].values;
  double price = 0;
  for (std::size_t i = 0; i < costs.inputs.size(); ++i) {
    const InputTerm& term = costs.inputs[i];
    const AxisRows& rows = rows_.rows(p, r, term.rows, is_elsewhere ? elsewhere : move[2]);
    const AxisRows& columns = columns_.rows(q, s, term.columns, is_elsewhere ? elsewhere : move[3]);
    const bool own = i == 0;  // the first is what arrives, the others what is asked for
    const double height = own ? rows.held : rows.held_by_all;
    const double width = own ? columns.held : columns.held_by_all;
    const double new_rows = own ? rows.fresh : rows.fresh_for_all;
    const double new_columns = own ? columns.fresh : columns.fresh_for_all;
    const double words =
        is_elsewhere ? height * width : new_rows * width + height * new_columns - new_rows * new_columns;
    price += term.price * term.different * real(n) * real(c) * words;
  }
  return price;
}

/// What a step of a loop moves of the inputs of an inner stage; the loops inside go back to their start.
double OrderChoice::input_step(std::size_t stage, std::size_t inner, std::size_t loop, unsigned inside,
                               const Move* innermost, const StageCosts& costs) {
  const bool exact = counting_ == Counting::exact;
  Move move = loops_[stage].steps[loop];
  const auto go_back = [&](const StageLoops& loops, std::size_t i) {
    for (std::size_t axis = 0; axis < move.size(); ++axis) {
      move.at(axis) -= loops.steps[i].at(axis) * (exact ? loops.bounds[i] - 1 : 1);
    }
  };
  for (std::size_t i = 0; i < loops_[stage].dimensions.size(); ++i) {
    if ((inside >> i & 1U) != 0) {
      go_back(loops_[stage], i);
    }
  }
  for (std::size_t between = stage + 1; between < inner; ++between) {
    for (std::size_t i = 0; i < loops_[between].dimensions.size(); ++i) {
      go_back(loops_[between], i);
    }
  }
  if (exact) {
    return fresh_words(inner, move, costs);
  }
  const bool goes_on = innermost == nullptr || move == *innermost;
  return costs.box_word * fresh_box(inner, goes_on ? move : Move{1, 0, 0, 0});
}

void OrderChoice::add_step(std::size_t stage, std::size_t loop, unsigned inside,
                           const std::vector<const Move*>& innermost, std::vector<double>& prices) {
  const StageLoops& loops = loops_[stage];
  double times = real(loops.bounds[loop] - 1) * loops.outside;
  PerOperand<bool> changes;
  for (std::size_t i = 0; i < loops.dimensions.size(); ++i) {
    const bool stands_inside = (inside >> i & 1U) != 0;
    times *= stands_inside || i == loop ? 1 : real(loops.bounds[i]);
    if (stands_inside || i == loop) {
      for (const Operand operand : all_operands) {
        changes[operand] = changes[operand] || is_relevant(operand, loops.dimensions[i]);
      }
    }
  }
  for (std::size_t inner = stage + 1; inner < space_.stages.size(); ++inner) {
    if (inner > stage + 1) {
      for (const Dimension dimension : loops_[inner - 1].dimensions) {
        for (const Operand operand : all_operands) {
          changes[operand] = changes[operand] || is_relevant(operand, dimension);
        }
      }
    }
    for (std::size_t term = 0; term < prices.size(); ++term) {
      const StageCosts& costs = costs_[inner][term];
      double price =
          (changes[Operand::weights] ? costs.weights : 0) + (changes[Operand::outputs] ? costs.outputs : 0);
      if (changes[Operand::inputs] && (costs.box_word != 0 || !costs.inputs.empty())) {
        price += input_step(stage, inner, loop, inside, innermost[inner], costs);
      }
      prices[term] += times * price;
    }
  }
}

/// The same with one price, of which there is a least.
OrderedNest OrderChoice::order_one_price(std::size_t stage, const std::vector<const Move*>& innermost,
                                         int first) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  const std::size_t count = loops_[stage].dimensions.size();
  std::array<double, 1U << dimension_count> least{};
  std::array<uint8_t, 1U << dimension_count> last{};
  std::fill(least.begin() + 1, least.begin() + (1 << count), unknown);
  std::vector<double> step(1);
  for (unsigned inside = 0; inside + 1 < 1U << count; ++inside) {
    for (std::size_t loop = 0; loop < count && least.at(inside) < unknown; ++loop) {
      const bool is_in = (inside >> loop & 1U) != 0;
      if (is_in || (inside == 0 && first >= 0 && first != static_cast<int>(loop))) {
        continue;
      }
      step[0] = 0;
      add_step(stage, loop, inside, innermost, step);
      const unsigned next = inside | 1U << loop;
      if (least.at(inside) + step[0] < least.at(next)) {
        least.at(next) = least.at(inside) + step[0];
        last.at(next) = static_cast<uint8_t>(loop);
      }
    }
  }
  unsigned inside = (1U << count) - 1;
  OrderedNest nest{{least.at(inside)}, std::vector<std::vector<Dimension>>(space_.stages.size())};
  for (; inside != 0; inside &= ~(1U << last.at(inside))) {
    nest.orders[stage].push_back(loops_[stage].dimensions[last.at(inside)]);
  }
  return nest;
}

/// All orders of one stage's loops, as paths over the sets of loops inside; `first` is the innermost loop, or
/// -1 for any.
std::vector<OrderedNest> OrderChoice::order_stage(std::size_t stage,
                                                  const std::vector<const Move*>& innermost, int first) {
  if (terms_.size() == 1) {
    return {order_one_price(stage, innermost, first)};
  }
  const std::size_t count = loops_[stage].dimensions.size();
  std::vector<std::vector<Label>> labels(std::size_t{1} << count);
  labels[0].push_back({std::vector<double>(terms_.size(), 0.0)});
  std::vector<double> step(terms_.size());
  for (unsigned inside = 0; inside < labels.size(); ++inside) {
    if (labels[inside].empty()) {
      continue;
    }
    for (std::size_t loop = 0; loop < count; ++loop) {
      const bool is_in = (inside >> loop & 1U) != 0;
      if (is_in || (inside == 0 && first >= 0 && first != static_cast<int>(loop))) {
        continue;
      }
      std::fill(step.begin(), step.end(), 0.0);
      add_step(stage, loop, inside, innermost, step);
      for (std::size_t i = 0; i < labels[inside].size(); ++i) {
        Label next{labels[inside][i].prices, static_cast<int>(loop), i};
        for (std::size_t term = 0; term < step.size(); ++term) {
          next.prices[term] += step[term];
        }
        keep_best(labels[inside | 1U << loop], std::move(next));
      }
    }
  }
  std::vector<OrderedNest> found;
  for (const Label& end : labels.back()) {
    OrderedNest nest{end.prices, std::vector<std::vector<Dimension>>(space_.stages.size())};
    unsigned inside = static_cast<unsigned>(labels.size() - 1);
    for (const Label* at = &end; at->last >= 0; at = &labels[inside][at->from]) {
      nest.orders[stage].push_back(loops_[stage].dimensions[static_cast<std::size_t>(at->last)]);
      inside &= ~(1U << static_cast<unsigned>(at->last));
      if (inside == 0) {
        break;
      }
    }
    found.push_back(std::move(nest));
  }
  return found;
}

/// Orders of this stage and those further out. `innermost` holds, for each inner stage, the step of the loop
/// next to it, where there is one between.
std::vector<OrderedNest> OrderChoice::solve(std::size_t stage, const std::vector<const Move*>& innermost) {
  const StageLoops& loops = loops_[stage];
  const auto go_out = [&](const std::vector<const Move*>& steps) {
    if (stage == 0) {
      return std::vector<OrderedNest>{{std::vector<double>(terms_.size(), 0.0),
                                       std::vector<std::vector<Dimension>>(space_.stages.size())}};
    }
    return solve(stage - 1, steps);
  };
  if (loops.dimensions.empty()) {
    return go_out(innermost);
  }
  std::vector<OrderedNest> best;
  const bool exact = counting_ == Counting::exact;
  for (std::size_t first = 0; first < (exact ? 1 : loops.dimensions.size()); ++first) {
    std::vector<const Move*> steps = innermost;
    for (std::size_t inner = stage + 1; inner < steps.size() && !exact; ++inner) {
      if (steps[inner] == nullptr) {
        steps[inner] = &loops.steps[first];
      }
    }
    const std::vector<OrderedNest> outer = go_out(steps);
    for (const OrderedNest& here : order_stage(stage, steps, exact ? -1 : static_cast<int>(first))) {
      for (const OrderedNest& out : outer) {
        OrderedNest both = here;
        for (std::size_t term = 0; term < both.prices.size(); ++term) {
          both.prices[term] += out.prices[term];
        }
        for (std::size_t i = 0; i < stage; ++i) {
          both.orders[i] = out.orders[i];
        }
        keep_best(best, std::move(both));
      }
    }
  }
  return best;
}

std::vector<OrderedNest> OrderChoice::best(const std::vector<Extents>& tiles,
                                           const std::vector<Extents>& spreads) {
  prepare(tiles, spreads);
  const std::size_t stages = space_.stages.size();
  std::vector<double> fixed = fixed_prices(tiles, spreads);
  for (std::size_t inner = 1; inner < stages; ++inner) {
    for (std::size_t term = 0; term < fixed.size(); ++term) {
      const StageCosts& costs = costs_[inner][term];
      fixed[term] += costs.weights + costs.outputs;
      fixed[term] += counting_ == Counting::exact ? fresh_words(inner, {1, 0, 0, 0}, costs)
                                                  : costs.box_word * fresh_box(inner, {1, 0, 0, 0});
    }
  }
  std::vector<OrderedNest> found =
      stages >= 2 ? solve(stages - 2, std::vector<const Move*>(stages, nullptr))
                  : std::vector<OrderedNest>{{std::vector<double>(terms_.size(), 0.0),
                                              std::vector<std::vector<Dimension>>(stages)}};
  for (OrderedNest& nest : found) {
    for (std::size_t term = 0; term < fixed.size(); ++term) {
      nest.prices[term] += fixed[term];
    }
    nest.orders.back() = loops_.back().dimensions;
  }
  return found;
}

}  // namespace mj
