#include "prune/match_variance.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

// ||X a||^2
double power_over_samples(const LayerProblem& problem, const float* a) {
  const auto n = static_cast<int>(problem.inputs.rows);
  const auto d = static_cast<int>(problem.inputs.columns);
  std::vector<float> outputs(static_cast<std::size_t>(n));
  cblas_sgemv(CblasRowMajor, CblasNoTrans, n, d, 1, problem.inputs.values.data(), d, a, 1, 0, outputs.data(),
              1);
  return cblas_dsdot(n, outputs.data(), 1, outputs.data(), 1);
}

// The same as <a, H a>.
double power_by_gram(const LayerProblem& problem, const float* row) {
  const int64_t d = problem.weights.columns;
  const std::vector<double> a(row, row + d);
  double power = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    if (a[j] != 0) {
      power += a[j] * cblas_ddot(static_cast<int>(d), problem.gram.data() + static_cast<int64_t>(j) * d, 1,
                                 a.data(), 1);
    }
  }
  return power;
}

}  // namespace

Matrix match_variance(const LayerProblem& problem, const Matrix& weights, double share, int threads) {
  ensure(weights.rows == problem.weights.rows && weights.columns == problem.weights.columns,
         "match_variance: the weights have another shape than the layer problem's");
  const SingleThreadedBlas guard;
  Matrix scaled = weights;
  parallel_for(problem.row_powers.size(), threads_wanted(threads), [&](std::size_t row) {
    const auto i = static_cast<int64_t>(row);
    const double given = has_few_samples(problem) ? power_over_samples(problem, weights.row(i))
                                                  : power_by_gram(problem, weights.row(i));
    const double factor = std::pow(problem.row_powers[row] / given, share / 2);
    if (given > 0 && std::isfinite(factor) && factor > 0) {
      std::transform(weights.row(i), weights.row(i) + weights.columns, scaled.row(i),
                     [&](float w) { return static_cast<float>(factor * static_cast<double>(w)); });
    }
  });
  return scaled;
}

}  // namespace mj
