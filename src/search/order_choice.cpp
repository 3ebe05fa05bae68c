#include "search/order_choice.h"

#include <algorithm>
#include <array>
#include <limits>

#include "search/chain_costs.h"

namespace mj {
namespace {

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

}  // namespace

OrderChoice::OrderChoice(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting)
    : stages_(space.stages.size()),
      chain_(std::make_unique<ChainCosts>(space, std::move(terms), counting)),
      counting_(counting) {}

/// With one price, of which there is a least. Writes the order, outside in.
double OrderChoice::order_one_price(std::size_t stage, const std::vector<const StepCosts::Move*>& innermost,
                                    int first, std::vector<Dimension>& order) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  const StepCosts::StageLoops& loops = chain_->loops(stage);
  const std::size_t count = loops.count;
  std::array<double, 1U << dimension_count> least{};
  std::array<uint8_t, 1U << dimension_count> last{};
  std::fill(least.begin(), least.begin() + (1 << count), unknown);
  least[0] = 0;
  for (unsigned inside = 0; inside + 1 < 1U << count; ++inside) {
    for (std::size_t loop = 0; loop < count && least.at(inside) < unknown; ++loop) {
      const bool is_in = (inside >> loop & 1U) != 0;
      if (is_in || (inside == 0 && first >= 0 && first != static_cast<int>(loop))) {
        continue;
      }
      double step = 0;
      chain_->add_step(stage, loop, inside, innermost, &step);
      const unsigned next = inside | 1U << loop;
      if (least.at(inside) + step < least.at(next)) {
        least.at(next) = least.at(inside) + step;
        last.at(next) = static_cast<uint8_t>(loop);
      }
    }
  }
  unsigned inside = (1U << count) - 1;
  const double price = least.at(inside);
  order.clear();
  for (; inside != 0; inside &= ~(1U << last.at(inside))) {
    order.push_back(loops.dimensions.at(last.at(inside)));
  }
  return price;
}

/// All orders of one stage's loops, as paths over the sets of loops inside; `first` is the innermost loop, or
/// -1 for any.
std::vector<OrderedNest> OrderChoice::order_stage(std::size_t stage,
                                                  const std::vector<const StepCosts::Move*>& innermost,
                                                  int first) {
  if (chain_->terms() == 1) {
    OrderedNest nest{{0}, std::vector<std::vector<Dimension>>(stages_)};
    nest.prices[0] = order_one_price(stage, innermost, first, nest.orders[stage]);
    return {nest};
  }
  const StepCosts::StageLoops& loops = chain_->loops(stage);
  const std::size_t count = loops.count;
  std::vector<std::vector<Label>> labels(std::size_t{1} << count);
  labels[0].push_back({std::vector<double>(chain_->terms(), 0.0)});
  std::vector<double> step(chain_->terms());
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
      chain_->add_step(stage, loop, inside, innermost, step.data());
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
    OrderedNest nest{end.prices, std::vector<std::vector<Dimension>>(stages_)};
    unsigned inside = static_cast<unsigned>(labels.size() - 1);
    for (const Label* at = &end; at->last >= 0; at = &labels[inside][at->from]) {
      nest.orders[stage].push_back(loops.dimensions.at(static_cast<std::size_t>(at->last)));
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
std::vector<OrderedNest> OrderChoice::solve(std::size_t stage,
                                            const std::vector<const StepCosts::Move*>& innermost) {
  const StepCosts::StageLoops& loops = chain_->loops(stage);
  const auto go_out = [&](const std::vector<const StepCosts::Move*>& steps) {
    if (stage == 0) {
      return std::vector<OrderedNest>{
          {std::vector<double>(chain_->terms(), 0.0), std::vector<std::vector<Dimension>>(stages_)}};
    }
    return solve(stage - 1, steps);
  };
  if (loops.count == 0) {
    return go_out(innermost);
  }
  std::vector<OrderedNest> best;
  const bool exact = counting_ == Counting::exact;
  for (std::size_t first = 0; first < (exact ? 1 : loops.count); ++first) {
    std::vector<const StepCosts::Move*> steps = innermost;
    for (std::size_t inner = stage + 1; inner < steps.size() && !exact; ++inner) {
      if (steps[inner] == nullptr) {
        steps[inner] = &loops.steps.at(first);
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

/// With one price, and without a rule that joins the stages, each stage has its own best order.
void OrderChoice::solve_each_stage() {
  found_.resize(1);
  OrderedNest& nest = found_.front();
  nest.prices.assign(chain_->terms(), 0.0);
  nest.orders.resize(stages_);
  for (std::size_t stage = 0; stage + 1 < stages_; ++stage) {
    nest.orders[stage].clear();
    if (chain_->loops(stage).count > 0) {
      nest.prices[0] = order_one_price(stage, no_steps_, -1, nest.orders[stage]) + nest.prices[0];
    }
  }
}

const std::vector<OrderedNest>& OrderChoice::best(const std::vector<Extents>& tiles,
                                                  const std::vector<Extents>& spreads) {
  chain_->prepare(tiles, spreads);
  const std::vector<double> fixed = chain_->fixed_prices();
  no_steps_.assign(stages_, nullptr);
  if (stages_ < 2 || (chain_->terms() == 1 && counting_ == Counting::exact)) {
    solve_each_stage();
  } else {
    found_ = solve(stages_ - 2, no_steps_);
  }
  const StepCosts::StageLoops& last = chain_->loops(stages_ - 1);
  for (OrderedNest& nest : found_) {
    for (std::size_t term = 0; term < fixed.size(); ++term) {
      nest.prices[term] += fixed[term];
    }
    nest.orders.back().assign(last.dimensions.begin(), last.dimensions.begin() + last.count);
  }
  return found_;
}

}  // namespace mj
