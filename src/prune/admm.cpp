#include "prune/admm.h"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

// How hard both solutions are pulled together at first: the paper's .1 leaves 1 to 2 % more error on the
// layer of bench/solvers.
constexpr double first_penalty = 0.03;
// The paper's schedule: how that grows with the share of the support that changed in the last iterations.
constexpr int iterations_at_a_penalty = 3;
constexpr double large_change = 0.1;
constexpr double small_change = 0.005;
constexpr double fast_growth = 1.3;
constexpr double medium_growth = 1.2;
constexpr double slow_growth = 1.1;
// As many rows as a block's solution is efficient for, as long as there are blocks for some threads.
constexpr int64_t rows_of_wide_block = 64;
constexpr int64_t rows_of_narrow_block = 32;
constexpr int64_t least_wide_blocks = 4;

/// In single precision: it only chooses, the refit that follows is in double.
class Admm {
 public:
  Admm(const LayerProblem& problem, const BestSupport& best, const AdmmOptions& options)
      : rows_(problem.weights.rows),
        columns_(problem.weights.columns),
        threads_(threads_wanted(options.threads)),
        best_of_(best),
        problem_(problem),
        damping_(std::max(options.damping * mean_diagonal(problem), 1e-30)),
        scales_(static_cast<std::size_t>(columns_)),
        state_(rows_, columns_),
        support_{rows_, columns_, std::vector<uint8_t>(state_.values.size(), 1)} {
    for (int64_t j = 0; j < columns_; ++j) {
      scales_[static_cast<std::size_t>(j)] = 1 / std::sqrt(problem.gram[at(j, j)] + damping_);
    }
    scale_problem();
  }

  Support run(int max_iterations) {
    factorize();
    Support checked = best_of_(state_);
    for (int i = 1; i <= max_iterations; ++i) {
      iterate();
      if (i % iterations_at_a_penalty != 0) {
        continue;
      }
      const int64_t changed = difference(support_, checked);
      if (changed == 0) {
        break;
      }
      checked = support_;
      const double kept = std::max(static_cast<double>(count_kept(support_)), 1.0);
      const double share = static_cast<double>(changed) / kept;
      penalty_ *= share >= large_change ? fast_growth : share >= small_change ? medium_growth : slow_growth;
      factorize();
    }
    return std::move(support_);
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  /// The target of row i becomes S (X^T Y + damping W).
  void scale_problem() {
    target_.resize(problem_.weights.values.size());
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < columns_; ++j) {
        const double scale = scales_[static_cast<std::size_t>(j)];
        const double weight = problem_.weights.at(i, j);
        const double correlation = problem_.correlation[static_cast<std::size_t>(j * rows_ + i)];
        target_[at(i, j)] = static_cast<float>(scale * (correlation + damping_ * weight));
        state_.at(i, j) = static_cast<float>(weight / scale);
      }
    }
  }

  /// Of the Gram matrix with unit diagonal, and the penalty on it.
  void factorize() {
    factor_.resize(problem_.gram.size());
    parallel_for(static_cast<std::size_t>(columns_), threads_, [&](std::size_t row) {
      const auto j = static_cast<int64_t>(row);
      for (int64_t k = j; k < columns_; ++k) {  // The lower triangle, column by column.
        factor_[at(j, k)] =
            static_cast<float>(problem_.gram[at(j, k)] * scales_[row] * scales_[static_cast<std::size_t>(k)]);
      }
      factor_[at(j, j)] = static_cast<float>(1 + penalty_);
    });
    const auto n = static_cast<lapack_int>(columns_);
    ensure(LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'L', n, factor_.data(), n) == 0,
           "a damped Gram matrix is positive definite");
  }

  /// B = (H + r I)^-1 (target - V + r Z); Z = the best of B + V / r; V += r (B - Z). Where
  /// the support is, V is 0 then, and elsewhere Z is: one matrix holds both.
  void iterate() {
    const auto penalty = static_cast<float>(penalty_);
    const int64_t rows_in_block =
        rows_ >= least_wide_blocks * rows_of_wide_block ? rows_of_wide_block : rows_of_narrow_block;
    const auto blocks = static_cast<std::size_t>((rows_ + rows_in_block - 1) / rows_in_block);
    parallel_for(blocks, threads_, [&](std::size_t block) {
      const int64_t first = static_cast<int64_t>(block) * rows_in_block;
      const int64_t count = std::min(rows_in_block, rows_ - first);
      const std::size_t start = at(first, 0);
      std::vector<float> solution(at(count, 0));
      for (std::size_t i = 0; i < solution.size(); ++i) {
        const float value = state_.values[start + i];
        solution[i] = target_[start + i] + (support_.kept[start + i] != 0 ? penalty * value : -value);
      }
      const auto n = static_cast<lapack_int>(columns_);
      // Not the one that looks for NaN in the factor at every call.
      LAPACKE_spotrs_work(LAPACK_COL_MAJOR, 'L', n, static_cast<lapack_int>(count), factor_.data(), n,
                          solution.data(), n);
      for (std::size_t i = 0; i < solution.size(); ++i) {
        float& value = state_.values[start + i];
        value = solution[i] + (support_.kept[start + i] != 0 ? 0 : value / penalty);
      }
    });
    support_ = best_of_(state_);
    for (std::size_t i = 0; i < state_.values.size(); ++i) {
      if (support_.kept[i] == 0) {
        state_.values[i] *= penalty;
      }
    }
  }

  static int64_t difference(const Support& a, const Support& b) {
    return std::inner_product(a.kept.begin(), a.kept.end(), b.kept.begin(), int64_t{0}, std::plus<>(),
                              [](uint8_t x, uint8_t y) { return static_cast<int64_t>(x != y); });
  }

  int64_t rows_, columns_;
  int threads_;
  const BestSupport& best_of_;
  double penalty_ = first_penalty;
  const LayerProblem& problem_;
  double damping_;
  std::vector<double> scales_;  ///< D
  std::vector<float> factor_;   ///< D x D, column-major
  std::vector<float> target_;   ///< M x D
  Matrix state_;                ///< M x D: Z where the support is, V elsewhere
  Support support_;             ///< of Z
};

}  // namespace

Support choose_support_by_admm(const LayerProblem& problem, const Support& candidates, int64_t keep,
                               const AdmmOptions& options) {
  ensure(candidates.kept.size() == problem.weights.values.size() && keep >= 0,
         "choose_support_by_admm: the candidates have another shape than the problem's weights");
  if (keep >= count_kept(candidates)) {
    return candidates;
  }
  return choose_support_by_admm(
      problem, [&](const Matrix& values) { return keep_largest(values, candidates, keep, Scope::layer); },
      options);
}

Support choose_support_by_admm(const LayerProblem& problem, const BestSupport& best,
                               const AdmmOptions& options) {
  ensure(options.damping >= 0 && std::isfinite(options.damping), "the damping is not a number from 0 up");
  const SingleThreadedBlas guard;
  return Admm(problem, best, options).run(options.max_iterations);
}

}  // namespace mj
