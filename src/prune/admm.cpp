#include "prune/admm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "prune/cholesky.h"
#include "prune/coupling.h"
#include "prune/second_order.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

// How hard both solutions are pulled together at first: the paper's .1 leaves 1 to 2 % more error on the
// layer of bench/solvers.
constexpr double first_penalty = 0.03;
// Where a search goes on from another: a third fewer iterations, and the same error within .3 % on the layer
// of bench/solvers. From .3 on it rises by 2 %.
constexpr double resumed_penalty = 0.1;
// The paper's schedule: how that grows with the share of the support that changed in the last iterations.
constexpr int iterations_at_a_penalty = 3;
constexpr double large_change = 0.1;
constexpr double small_change = 0.005;
constexpr double fast_growth = 1.3;
constexpr double medium_growth = 1.2;
constexpr double slow_growth = 1.1;
// Below it the search ends: the five iterations or so until nothing changes any more, of forty, move the
// error by .2 % at most.
constexpr double least_change = 1e-3;
// Half the rows at a time, so that two threads have work, as long as that makes products of a good size.
constexpr int64_t fewest_rows_in_block = 32;
constexpr int64_t most_rows_in_block = 128;

/// sides = target + r Z where the support is, target - V elsewhere.
MJ_WIDE_REGISTERS void set_sides(std::size_t count, const float* target, const float* state,
                                 const uint8_t* kept, float of_kept, float of_others, float* sides) {
  for (std::size_t i = 0; i < count; ++i) {
    sides[i] = target[i] + state[i] * (kept[i] != 0 ? of_kept : of_others);
  }
}

/// state = B where the support is, B + V / r elsewhere.
MJ_WIDE_REGISTERS void set_state(std::size_t count, const float* solution, const uint8_t* kept,
                                 float of_others, float* state) {
  for (std::size_t i = 0; i < count; ++i) {
    state[i] = solution[i] + state[i] * (kept[i] != 0 ? 0 : of_others);
  }
}

MJ_WIDE_REGISTERS void scale_row(int64_t count, const double* row, double scale, const double* scales,
                                 float* scaled) {
  for (int64_t k = 0; k < count; ++k) {
    scaled[k] = static_cast<float>(row[k] * scale * scales[k]);
  }
}

/// In single precision: the refit that follows begins with a residual in double.
class Admm {
 public:
  Admm(const LayerProblem& problem, const AdmmOptions& options)
      : rows_(problem.weights.rows),
        columns_(problem.weights.columns),
        threads_(threads_wanted(options.threads)),
        problem_(problem),
        damping_(std::max(options.damping * mean_diagonal(problem), 1e-30)),
        scales_(static_cast<std::size_t>(columns_)),
        factor_(is_coupled(problem) ? 0 : columns_),
        state_(rows_, columns_),
        support_{rows_, columns_, std::vector<uint8_t>(state_.values.size(), 1)} {
    for (int64_t j = 0; j < columns_; ++j) {
      scales_[static_cast<std::size_t>(j)] = 1 / std::sqrt(problem.gram[at(j, j)] + damping_);
    }
    scale_problem();
    if (is_coupled(problem)) {
      target_ = times_coupling(problem.coupling, target_, threads_);
      coupled_.emplace(problem.coupling, scaled_gram(), threads_);
    }
  }

  /// Goes on from what the last run came to.
  Choice run(const BestSupport& best, int max_iterations) {
    penalty_ = std::exchange(next_penalty_, resumed_penalty);
    factorize();
    Support checked = best(state_);
    for (int i = 1; i <= max_iterations; ++i) {
      iterate(best);
      if (i % iterations_at_a_penalty != 0) {
        continue;
      }
      const double kept = std::max(static_cast<double>(count_kept(support_)), 1.0);
      const double share = static_cast<double>(difference(support_, checked)) / kept;
      if (share < least_change) {
        break;
      }
      checked = support_;
      penalty_ *= share >= large_change ? fast_growth : share >= small_change ? medium_growth : slow_growth;
      factorize();
    }
    return {support_, solution()};
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  /// The target of row i becomes S (X^T Y + damping W).
  void scale_problem() {
    target_ = Matrix(rows_, columns_);
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < columns_; ++j) {
        const double scale = scales_[static_cast<std::size_t>(j)];
        const double weight = problem_.weights.at(i, j);
        const double correlation = problem_.correlation[static_cast<std::size_t>(j * rows_ + i)];
        target_.at(i, j) = static_cast<float>(scale * (correlation + damping_ * weight));
        state_.at(i, j) = static_cast<float>(weight / scale);
      }
    }
  }

  /// Row j of the damped Gram matrix with unit diagonal, from the diagonal on.
  void set_scaled(int64_t j, float* scaled) const {
    const auto row = static_cast<std::size_t>(j);
    scale_row(columns_ - j, problem_.gram.data() + at(j, j), scales_[row], scales_.data() + row, scaled);
    scaled[0] = 1;
  }

  Matrix scaled_gram() const {
    Matrix gram(columns_, columns_);
    parallel_for(static_cast<std::size_t>(columns_), threads_, [&](std::size_t row) {
      const auto j = static_cast<int64_t>(row);
      set_scaled(j, gram.row(j) + j);
    });
    for (int64_t i = 0; i < columns_; ++i) {
      for (int64_t j = 0; j < i; ++j) {
        gram.at(i, j) = gram.at(j, i);
      }
    }
    return gram;
  }

  /// B on the support.
  Matrix solution() const {
    Matrix weights = masked(state_, support_);
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < columns_; ++j) {
        weights.at(i, j) =
            static_cast<float>(scales_[static_cast<std::size_t>(j)] * static_cast<double>(weights.at(i, j)));
      }
    }
    return weights;
  }

  /// Of the Gram matrix with unit diagonal, and the penalty on it. Eigenvectors do for every penalty.
  void factorize() {
    if (coupled_) {
      return;
    }
    parallel_for(static_cast<std::size_t>(columns_), threads_, [&](std::size_t row) {
      const auto j = static_cast<int64_t>(row);
      float* scaled = factor_.row(j) + j;
      set_scaled(j, scaled);
      scaled[0] += static_cast<float>(penalty_);
    });
    ensure(factor_.factorize(threads_), "a damped Gram matrix is positive definite");
  }

  /// B = (H + r I)^-1 (target - V + r Z), coupled: F B H + r B = target - V + r Z; Z = the best of B + V / r;
  /// V += r (B - Z). Where the support is, V is 0 then, and elsewhere Z is: one matrix holds both, V over the
  /// penalty.
  void iterate(const BestSupport& best) {
    const auto penalty = static_cast<float>(penalty_);
    const float former = std::exchange(state_penalty_, penalty);
    if (coupled_) {
      Matrix solution(rows_, columns_);
      set_sides(solution.values.size(), target_.values.data(), state_.values.data(), support_.kept.data(),
                penalty, -former, solution.values.data());
      coupled_->solve(solution, penalty_);
      set_state(solution.values.size(), solution.values.data(), support_.kept.data(), former / penalty,
                state_.values.data());
    } else {
      solve_rows(penalty, former);
    }
    support_ = best(state_);
  }

  void solve_rows(float penalty, float former) {
    const int64_t rows_in_block = std::clamp((rows_ + 1) / 2, fewest_rows_in_block, most_rows_in_block);
    for_each_strip(rows_, rows_in_block, threads_, [&](int64_t first, int64_t count) {
      const std::size_t start = at(first, 0);
      std::vector<float> solution(at(count, 0));
      const uint8_t* kept = support_.kept.data() + start;
      float* state = state_.values.data() + start;
      set_sides(solution.size(), target_.values.data() + start, state, kept, penalty, -former,
                solution.data());
      factor_.solve(solution.data(), count);
      set_state(solution.size(), solution.data(), kept, former / penalty, state);
    });
  }

  static int64_t difference(const Support& a, const Support& b) {
    return std::inner_product(a.kept.begin(), a.kept.end(), b.kept.begin(), int64_t{0}, std::plus<>(),
                              [](uint8_t x, uint8_t y) { return static_cast<int64_t>(x != y); });
  }

  int64_t rows_, columns_;
  int threads_;
  double penalty_ = first_penalty;
  double next_penalty_ = first_penalty;  ///< of the next run
  float state_penalty_ = first_penalty;  ///< when the state was set
  const LayerProblem& problem_;
  double damping_;
  std::vector<double> scales_;  ///< D
  Cholesky factor_;             ///< of the scaled Gram matrix and the penalty, for each row by itself
  std::optional<CoupledSystem> coupled_;  ///< of the scaled Gram matrix, in its place
  Matrix target_;                         ///< M x D
  Matrix state_;                          ///< M x D: Z where the support is, V over its penalty elsewhere
  Support support_;                       ///< of Z
};

}  // namespace

Choice choose_support_by_admm(const LayerProblem& problem, const Support& candidates, int64_t keep,
                              const AdmmOptions& options) {
  return choose_supports_by_admm(problem, candidates, std::array{keep}, options).front();
}

std::vector<Choice> choose_supports_by_admm(const LayerProblem& problem, const Support& candidates,
                                            std::span<const int64_t> keeps, const AdmmOptions& options) {
  const SingleThreadedBlas guard;
  const int64_t available = count_kept(candidates);
  std::optional<Admm> admm;
  std::vector<Choice> choices;
  for (const int64_t keep : keeps) {
    ensure_choice(problem, candidates, keep, options.damping);
    if (keep >= available) {
      choices.push_back({candidates, {}});
      continue;
    }
    if (!admm) {
      admm.emplace(problem, options);
    }
    const auto best = [&](Matrix values) {
      divide_by_root_prices(problem, 0, values);
      return keep_largest(values, candidates, keep, options.scope);
    };
    choices.push_back(admm->run(best, options.max_iterations));
  }
  return choices;
}

Choice choose_support_by_admm(const LayerProblem& problem, const BestSupport& best,
                              const AdmmOptions& options) {
  ensure(options.damping >= 0 && std::isfinite(options.damping), "the damping is not a number from 0 up");
  const SingleThreadedBlas guard;
  return Admm(problem, options).run(best, options.max_iterations);
}

}  // namespace mj
