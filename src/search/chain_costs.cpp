#include "search/chain_costs.h"

#include <algorithm>
#include <cstdlib>

#include "search/extent_math.h"

namespace mj {
namespace {

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

/// The operands that change with a dimension, a bit each.
unsigned changed_by(Dimension dimension) {
  unsigned changed = 0;
  for (const Operand operand : all_operands) {
    changed |= is_relevant(operand, dimension) ? 1U << index_of(operand) : 0;
  }
  return changed;
}

bool has(unsigned changed, Operand operand) {
  return (changed >> index_of(operand) & 1U) != 0;
}

}  // namespace

ChainCosts::ChainCosts(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting)
    : StepCosts(space.stages.size(), terms.size()),
      space_(space),
      terms_(std::move(terms)),
      counting_(counting),
      rows_(space.shape->stride[0], space.shape->dilation[0]),
      columns_(space.shape->stride[1], space.shape->dilation[1]),
      costs_(space.stages.size()) {}

ChainCosts::Move ChainCosts::step_of(Dimension dimension, int64_t below) const {
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

ChainCosts::StageCosts ChainCosts::costs_into(std::size_t stage, const NestTerms& terms,
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

/// The MACs' own accesses, and Timeloop's first updates.
double ChainCosts::mac_prices(const NestTerms& terms) const {
  const std::size_t macs_stage = space_.stages.size();
  const double macs = volume(space_.whole);
  double price = terms.constant;
  for (const MoveTerm& move : terms.moves[macs_stage]) {
    for (const AskedTerm& asked : move.asked) {
      const Around around =
          look_around(space_, move.operand, false, asked.outer, macs_stage, tiles_, spreads_);
      price += asked.price * macs / around.instances * different_tiles(around);
    }
  }
  double added = 1;
  for (std::size_t stage = 0; stage < macs_stage; ++stage) {
    price += terms.shared_starts[stage] * added;
    if (stage < spreads_.size()) {
      for (const Dimension dimension : all_dimensions) {
        added *= is_relevant(Operand::outputs, dimension) ? 1 : real(spreads_[stage][dimension]);
      }
    }
  }
  return price;
}

std::vector<double> ChainCosts::fixed_prices() {
  std::vector<double> prices;
  for (std::size_t term = 0; term < terms_.size(); ++term) {
    double price = mac_prices(*terms_[term]);
    for (std::size_t inner = 1; inner < space_.stages.size(); ++inner) {
      const StageCosts& costs = costs_[inner][term];
      price += costs.weights + costs.outputs;
      price += counting_ == Counting::exact ? fresh_words(inner, {1, 0, 0, 0}, costs)
                                            : costs.box_word * fresh_box(inner, {1, 0, 0, 0});
    }
    prices.push_back(price);
  }
  return prices;
}

void ChainCosts::prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) {
  const std::size_t stages = space_.stages.size();
  tiles_ = tiles;
  spreads_ = spreads;
  double outside = 1;
  for (std::size_t stage = 0; stage < stages; ++stage) {
    StageLoops& loops = loops_[stage];
    loops.count = 0;
    loops.back = {};
    loops.changed = 0;
    for (const Dimension dimension : all_dimensions) {
      const int64_t below = stage + 1 < stages ? tiles[stage + 1][dimension] * spreads[stage][dimension] : 1;
      const int64_t bound = tiles[stage][dimension] / below;
      if (bound > 1) {
        loops.dimensions.at(loops.count) = dimension;
        loops.bounds.at(loops.count) = bound;
        loops.steps.at(loops.count) = step_of(dimension, below);
        loops.changed |= changed_by(dimension);
        for (std::size_t axis = 0; axis < loops.back.size(); ++axis) {
          loops.back.at(axis) += way_back(loops, loops.count, axis);
        }
        ++loops.count;
      }
    }
    prepare_sets(loops, outside);
    for (std::size_t i = 0; i < loops.count; ++i) {
      outside *= real(loops.bounds.at(i));
    }
  }
  for (std::size_t stage = 1; stage < stages; ++stage) {
    costs_[stage].clear();
    for (const NestTerms* terms : terms_) {
      costs_[stage].push_back(costs_into(stage, *terms, tiles, spreads));
    }
  }
}

/// How far a loop goes back when one outside it steps: to its start, or by one step in Timeloop's counting.
int64_t ChainCosts::way_back(const StageLoops& loops, std::size_t loop, std::size_t axis) const {
  const int64_t steps = counting_ == Counting::exact ? loops.bounds.at(loop) - 1 : 1;
  return loops.steps.at(loop).at(axis) * steps;
}

/// For each set of loops inside another one, each from the set without its last loop.
void ChainCosts::prepare_sets(StageLoops& loops, double outside) const {
  loops.sets.resize(std::size_t{1} << loops.count);
  loops.sets[0] = {outside, {}, 0};
  for (std::size_t i = 0; i < loops.count; ++i) {
    loops.sets[0].times *= real(loops.bounds.at(i));
  }
  for (std::size_t added = 0; added < loops.count; ++added) {
    const std::size_t without = std::size_t{1} << added;
    for (std::size_t set = 0; set < without; ++set) {
      LoopSet grown = loops.sets[set];
      grown.times /= real(loops.bounds.at(added));
      for (std::size_t axis = 0; axis < grown.back.size(); ++axis) {
        grown.back.at(axis) += way_back(loops, added, axis);
      }
      grown.changed |= changed_by(loops.dimensions.at(added));
      loops.sets[set | without] = grown;
    }
  }
}

double ChainCosts::fresh_box(std::size_t inner, const Move& move) const {
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

double ChainCosts::fresh_words(std::size_t inner, const Move& move, const StageCosts& costs) {
  const bool is_elsewhere = move[0] != 0 || move[1] != 0;
  if (move == Move{}) {
    return 0;
  }
  const auto& [n, k, c, p, q, r, s] = tiles_[inner].values;
  double price = 0;
  for (std::size_t i = 0; i < costs.inputs.size(); ++i) {
    const InputTerm& term = costs.inputs[i];
    if (term.price == 0) {
      continue;
    }
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

/// What a move of an inner stage's inputs costs.
double ChainCosts::input_price(std::size_t inner, const Move& move, const Move* innermost,
                               const StageCosts& costs) {
  if (counting_ == Counting::exact) {
    return fresh_words(inner, move, costs);
  }
  const bool goes_on = innermost == nullptr || move == *innermost;
  return costs.box_word * fresh_box(inner, goes_on ? move : Move{1, 0, 0, 0});
}

void ChainCosts::add_step(std::size_t stage, std::size_t loop, unsigned inside,
                          const std::vector<const Move*>& innermost, double* prices) {
  const StageLoops& loops = loops_[stage];
  const double times = real(loops.bounds.at(loop) - 1) * loops.sets[inside | 1U << loop].times;
  const LoopSet& set = loops.sets[inside];
  unsigned changed = set.changed | changed_by(loops.dimensions.at(loop));
  Move move = loops.steps.at(loop);
  const auto go_back = [&](const Move& back) {
    for (std::size_t axis = 0; axis < move.size(); ++axis) {
      move.at(axis) -= back.at(axis);
    }
  };
  go_back(set.back);
  for (std::size_t inner = stage + 1; inner < space_.stages.size(); ++inner) {
    if (inner > stage + 1) {
      changed |= loops_[inner - 1].changed;
      go_back(loops_[inner - 1].back);
    }
    for (std::size_t term = 0; term < terms_.size(); ++term) {
      const StageCosts& costs = costs_[inner][term];
      double price = (has(changed, Operand::weights) ? costs.weights : 0) +
                     (has(changed, Operand::outputs) ? costs.outputs : 0);
      if (has(changed, Operand::inputs) && (costs.box_word != 0 || !costs.inputs.empty())) {
        price += input_price(inner, move, innermost[inner], costs);
      }
      prices[term] += times * price;
    }
  }
}

}  // namespace mj
