#include "search/ragged_chains.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "mapping/ceil_divide.h"
#include "mapping/placed_loops.h"
#include "search/extent_math.h"
#include "search/nest_cycles.h"
#include "search/ragged_costs.h"

namespace mj {
namespace {

constexpr std::size_t most_changes = 30000;  ///< that are tried of one dimension at a time

/// Sizes from 1 to `most` that part it in different numbers, the least of each.
std::vector<int64_t> parting_sizes(int64_t most) {
  std::vector<int64_t> sizes;
  for (int64_t size = most; size >= 1; size = size == 1 ? 0 : (most - 1) / ceil_divide(most, size - 1) + 1) {
    sizes.push_back(size);
  }
  return sizes;
}

/// Numbers of instances for so many tiles: all, or so many that the rounds are even.
std::vector<int64_t> spreads_to_try(int64_t tiles, const Range& allowed) {
  constexpr std::size_t most_tried = 4;
  std::vector<int64_t> spreads = parting_sizes(std::min<int64_t>(tiles, allowed.most));
  const int64_t even = ceil_divide(tiles, ceil_divide(tiles, spreads.front()));
  if (spreads.size() > most_tried) {
    spreads.resize(most_tried);
    spreads.push_back(1);
  }
  if (std::find(spreads.begin(), spreads.end(), even) == spreads.end()) {
    spreads.push_back(even);
  }
  return spreads;
}

}  // namespace

RaggedPrices::RaggedPrices(const NestProblem& problem, const RaggedSpace& space)
    : problem_(problem),
      space_(space),
      terms_(terms_of(problem)),
      least_(least_terms_of(problem.prices, problem.levels,
                            tile_words(problem.shape, Operand::outputs, space.whole))),
      orders_(space.stages.size(),
              std::make_unique<RaggedCosts>(problem.shape, problem.levels, pointers_to(terms_)),
              Counting::exact),
      least_transfer_(least_transfer(problem)) {
  for (const Level& level : problem.levels) {
    instances_ *= real(level.instances[0] * level.instances[1]);
  }
}

double RaggedPrices::cycles_of(const LoopNest& nest, const std::vector<double>& prices) const {
  const double loops = steps_in_time(problem_.shape, nest) * problem_.timed_share;
  return slowest_cycles(problem_, loops, prices,
                        [&](std::size_t level) { return instances_in_use(problem_.shape, nest, level); });
}

std::optional<NestOptimum> RaggedPrices::under_best_orders(const RaggedChain& chain) {
  std::optional<NestOptimum> best;
  for (const OrderedNest& ordered : orders_.best(chain.tiles, chain.spreads)) {
    NestOptimum priced;
    priced.nest = nest_of(space_, chain, ordered.orders);
    priced.energy = ordered.prices[0];
    priced.cycles = cycles_of(priced.nest, ordered.prices);
    priced.value = key_of_nest(priced).first;
    if (!best || is_below(key_of_nest(priced), key_of_nest(*best))) {
      best = std::move(priced);
    }
  }
  return best;
}

Key RaggedPrices::key_of_nest(const NestOptimum& optimum) const {
  return key_of(problem_.objective, optimum.energy, optimum.cycles);
}

Key RaggedPrices::least_key(const NestBox& box, double energy) const {
  double steps = 1;
  for (const Dimension dimension : all_dimensions) {
    int64_t instances = 1;
    for (const PerDimension<Range>& spread : box.spreads) {
      instances = std::min<int64_t>(space_.whole[dimension], instances * spread[dimension].most);
    }
    steps *= real(ceil_divide(space_.whole[dimension], instances));
  }
  steps = std::max(steps, volume(space_.whole) / instances_);
  // Sums in another order differ by less.
  return key_of(problem_.objective, energy * (1 - rounding),
                std::max(least_transfer_, steps * problem_.timed_share * (1 - rounding)));
}

std::array<NestBox, 2> halves_of(const NestBox& box) {
  std::array<NestBox, 2> halves{box, box};
  double widest = 0;
  std::array<Range*, 2> chosen{};
  const auto look_at = [&](std::vector<PerDimension<Range>> NestBox::*part) {
    for (std::size_t stage = 0; stage < (box.*part).size(); ++stage) {
      for (const Dimension dimension : all_dimensions) {
        const Range& range = (box.*part)[stage][dimension];
        const double width = static_cast<double>(range.most) / range.least;
        if (width > std::max(1.0, widest)) {
          widest = width;
          chosen = {&(halves[0].*part)[stage][dimension], &(halves[1].*part)[stage][dimension]};
        }
      }
    }
  };
  look_at(&NestBox::tiles);
  look_at(&NestBox::spreads);
  const auto middle =
      static_cast<int32_t>(std::sqrt(static_cast<double>(chosen[0]->least) * chosen[0]->most));
  chosen[0]->most = std::clamp(middle, chosen[0]->least, chosen[0]->most - 1);
  chosen[1]->least = chosen[0]->most + 1;
  return halves;
}

void for_each_change(const RaggedSpace& space, const RaggedChain& from, Dimension dimension,
                     const std::function<bool(const RaggedChain&)>& visit) {
  const NestBox all = whole_box(space);
  RaggedChain chain = from;
  bool goes_on = true;
  std::size_t left = most_changes;
  const auto choose = [&](const auto& self, std::size_t stage) -> void {
    if (stage + 1 == space.stages.size()) {
      goes_on = --left > 0 && (!is_in_space(space, chain) || visit(chain));
      return;
    }
    const int64_t tile = chain.tiles[stage][dimension];
    for (const int64_t size : parting_sizes(std::min<int64_t>(tile, all.tiles[stage + 1][dimension].most))) {
      chain.tiles[stage + 1][dimension] = size;
      for (const int64_t spread : spreads_to_try(ceil_divide(tile, size), all.spreads[stage][dimension])) {
        chain.spreads[stage][dimension] = spread;
        self(self, stage + 1);
        if (!goes_on) {
          return;
        }
      }
    }
  };
  choose(choose, 0);
}

}  // namespace mj
