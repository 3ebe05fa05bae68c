#include "search/ragged_search.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <queue>

#include "base/error.h"
#include "mapping/ceil_divide.h"
#include "search/extent_math.h"
#include "search/order_choice.h"
#include "search/ragged_bounds.h"
#include "search/ragged_chains.h"
#include "search/ragged_costs.h"
#include "search/search_key.h"

namespace mj {
namespace {

constexpr std::size_t most_boxes = 50000;  ///< that wait at once; beyond, each is searched to its end

class RaggedSearch {
 public:
  RaggedSearch(const NestProblem& problem, const NestSearchOptions& options)
      : options_(options),
        space_(make_ragged_space(problem.shape, problem.levels)),
        prices_(problem, space_),
        bounds_(space_, prices_.energy_terms(), prices_.least_energy_terms()) {}

  std::optional<NestOptimum> run(std::optional<NestOptimum> of_divisors) {
    if (of_divisors) {
      best_ = std::move(of_divisors);
      best_key_ = prices_.key_of_nest(*best_);
      improve();
    }
    NestBox all = whole_box(space_);
    if (tighten(space_, all)) {
      add(all);
    }
    search();
    if (best_) {
      best_->candidates = space_size(space_);
      best_->looked_at += looked_at_;
      best_->is_proven = !out_of_time_;
      best_->bound = out_of_time_ ? std::min(open_, best_->value) : best_->value;
    }
    return best_;
  }

 private:
  struct Waiting {
    Key key;
    double number;  ///< of equal boxes the first comes first
    NestBox box;
  };
  struct ComesLater {
    bool operator()(const Waiting& a, const Waiting& b) const {
      return std::tuple(a.key.first, a.key.second, a.number) >
             std::tuple(b.key.first, b.key.second, b.number);
    }
  };

  bool is_late() {
    if (options_.seconds && ++ticks_ % 64 == 0) {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
      is_over_ = is_over_ || passed.count() > *options_.seconds;
    }
    out_of_time_ = is_over_ && best_.has_value();
    return out_of_time_;
  }

  bool is_hopeless(const Key& key) const { return !is_below(key, best_key_); }

  /// Prices a chain; whether it is the best so far.
  bool offer(const RaggedChain& chain) {
    looked_at_ += 1;
    auto priced = prices_.under_best_orders(chain);
    if (!priced || is_hopeless(prices_.key_of_nest(*priced))) {
      return false;
    }
    priced->looked_at = best_ ? best_->looked_at : 0;
    best_key_ = prices_.key_of_nest(*priced);
    best_ = std::move(priced);
    best_chain_ = chain;
    return true;
  }

  /// Goes from the best nest to better ones that differ in one dimension, as long as some are found.
  void improve() {
    best_chain_ = chain_of(space_, best_->nest);
    for (bool improves = true; improves && !is_late();) {
      improves = false;
      for (const Dimension dimension : all_dimensions) {
        const RaggedChain from = best_chain_;
        for_each_change(space_, from, dimension, [&](const RaggedChain& changed) {
          improves = offer(changed) || improves;
          return !is_late();
        });
      }
    }
  }

  void add(const NestBox& box) {
    looked_at_ += 1;
    const Key key = prices_.least_key(box, bounds_.of(box));
    if (!is_hopeless(key)) {
      waiting_.push({key, looked_at_, box});
    }
  }

  void search() {
    while (!waiting_.empty()) {
      const Waiting next = waiting_.top();
      open_ = next.key.first;
      if (is_hopeless(next.key)) {
        break;
      }
      waiting_.pop();
      if (waiting_.size() > most_boxes || is_over_) {
        search_through(next.box);
      } else {
        part(next.box, [&](const NestBox& half) { add(half); });
      }
      if (is_late()) {
        return;
      }
    }
  }

  /// Depth first.
  void search_through(const NestBox& box) {
    part(box, [&](const NestBox& half) {
      looked_at_ += 1;
      if (!is_late() && !is_hopeless(prices_.least_key(half, bounds_.of(half)))) {
        search_through(half);
      }
    });
  }

  /// Halves a box, or prices what it holds.
  template <class Visit>
  void part(const NestBox& box, Visit visit) {
    if (const auto chain = only_chain(box)) {
      if (is_in_space(space_, *chain)) {
        offer(*chain);
      }
      return;
    }
    for (NestBox& half : halves_of(box)) {
      if (tighten(space_, half)) {
        visit(half);
      }
    }
  }

  const NestSearchOptions& options_;
  RaggedSpace space_;
  RaggedPrices prices_;
  RaggedBounds bounds_;
  std::priority_queue<Waiting, std::vector<Waiting>, ComesLater> waiting_;
  std::optional<NestOptimum> best_;
  RaggedChain best_chain_;
  Key best_key_;
  double open_ = 0;  ///< no nest that was not priced is below
  double looked_at_ = 0;
  bool is_over_ = false;      ///< time has passed
  bool out_of_time_ = false;  ///< and there is a nest
  uint64_t ticks_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::optional<NestOptimum> search_ragged(const NestProblem& problem, const NestSearchOptions& options) {
  ensure(problem.counting == Counting::exact, "Timeloop's rules know no ragged tiles");
  NestProblem divisors = problem;
  divisors.tiling = Tiling::divisors;
  NestSearchOptions half = options;
  if (half.seconds) {
    *half.seconds /= 2;
  }
  const auto start = std::chrono::steady_clock::now();
  std::optional<NestOptimum> of_divisors = search_nest(divisors, half);
  if (stages_of(problem.levels).size() < 2) {
    return of_divisors;  // all loops stand at one place, and no tile is parted in two ways
  }
  if (of_divisors) {
    of_divisors->nest.tiling = Tiling::any;
  }
  NestSearchOptions rest = options;
  if (rest.seconds) {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    *rest.seconds = std::max(0.0, *rest.seconds - passed.count());
  }
  return RaggedSearch(problem, rest).run(std::move(of_divisors));
}

}  // namespace mj
