#include "prune/match_variance.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {

Matrix match_variance(const LayerProblem& problem, const Matrix& weights, double share, int threads) {
  ensure(weights.rows == problem.weights.rows && weights.columns == problem.weights.columns,
         "match_variance: the weights have another shape than the layer problem's");
  std::vector<double> wanted(static_cast<std::size_t>(weights.rows));
  for (int64_t k = 0; k < problem.outputs.rows; ++k) {
    for (int64_t i = 0; i < weights.rows; ++i) {
      const double y = problem.outputs.at(k, i);
      wanted[static_cast<std::size_t>(i)] += y * y;
    }
  }
  const SingleThreadedBlas guard;
  const int64_t d = weights.columns;
  Matrix scaled = weights;
  parallel_for(wanted.size(), threads_wanted(threads), [&](std::size_t row) {
    const auto i = static_cast<int64_t>(row);
    const std::vector<double> a(weights.row(i), weights.row(i) + d);
    std::vector<double> product(a.size());
    cblas_dsymv(CblasRowMajor, CblasUpper, static_cast<int>(d), 1.0, problem.gram.data(), static_cast<int>(d),
                a.data(), 1, 0.0, product.data(), 1);
    const double given = std::inner_product(a.begin(), a.end(), product.begin(), 0.0);
    const double factor = std::pow(wanted[row] / given, share / 2);
    if (given > 0 && std::isfinite(factor) && factor > 0) {
      std::transform(a.begin(), a.end(), scaled.row(i),
                     [&](double w) { return static_cast<float>(factor * w); });
    }
  });
  return scaled;
}

}  // namespace mj
