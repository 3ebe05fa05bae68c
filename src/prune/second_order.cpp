#include "prune/second_order.h"

#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t solved_at_once = 32;

// The lower Cholesky factor (column-major) of H + damping I; raises the damping where it has to.
std::vector<double> factorize(const LayerProblem& problem, double& damping, double scale) {
  const int64_t d = problem.weights.columns;
  const auto n = static_cast<lapack_int>(d);
  for (;; damping = std::max(10 * damping, least_raised_damping)) {
    std::vector<double> factor = problem.gram;
    for (int64_t j = 0; j < d; ++j) {
      factor[static_cast<std::size_t>(j * d + j)] += damping * scale;
    }
    if (LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', n, factor.data(), n) == 0) {
      return factor;
    }
  }
}

// G (X^T Y + damping W), a row of the result for each row of W.
std::vector<double> solve(const LayerProblem& problem, const std::vector<double>& factor, double damping,
                          int threads) {
  const int64_t d = problem.weights.columns;
  const int64_t m = problem.weights.rows;
  std::vector<double> solution(problem.weights.values.size());
  for_each_strip(m, solved_at_once, threads, [&](int64_t first, int64_t count) {
    for (int64_t i = first; i < first + count; ++i) {
      for (int64_t j = 0; j < d; ++j) {
        solution[static_cast<std::size_t>(i * d + j)] =
            problem.correlation[static_cast<std::size_t>(j * m + i)] +
            damping * static_cast<double>(problem.weights.at(i, j));
      }
    }
    const auto n = static_cast<lapack_int>(d);
    LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', n, static_cast<lapack_int>(count), factor.data(), n,
                   solution.data() + first * d, n);
  });
  return solution;
}

}  // namespace

DenseMinimum dense_minimum(const LayerProblem& problem, double damping, int threads) {
  const SingleThreadedBlas guard;
  const int64_t d = problem.weights.columns;
  const double mean = mean_diagonal(problem);
  const double scale = mean > 0 ? mean : 1;
  DenseMinimum minimum;
  minimum.inverse = factorize(problem, damping, scale);
  minimum.weights = solve(problem, minimum.inverse, damping * scale, threads_wanted(threads));
  const auto n = static_cast<lapack_int>(d);
  ensure(LAPACKE_dpotri(LAPACK_COL_MAJOR, 'L', n, minimum.inverse.data(), n) == 0,
         "a matrix with a Cholesky factor has an inverse");
  for (int64_t j = 0; j < d; ++j) {
    for (int64_t i = 0; i < j; ++i) {  // LAPACK fills in the lower triangle, column by column.
      minimum.inverse[static_cast<std::size_t>(j * d + i)] =
          minimum.inverse[static_cast<std::size_t>(i * d + j)];
    }
  }
  return minimum;
}

void ensure_choice(const LayerProblem& problem, const Support& candidates, int64_t keep, double damping) {
  ensure(candidates.rows == problem.weights.rows && candidates.columns == problem.weights.columns &&
             candidates.kept.size() == problem.weights.values.size(),
         "the candidates have another shape than the layer problem's weights");
  ensure(keep >= 0, "the number of weights to keep is negative");
  ensure(damping >= 0 && std::isfinite(damping), "the damping is not a number from 0 up");
}

}  // namespace mj
