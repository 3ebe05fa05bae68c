#include "prune/match_variance.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_matched_at_once = 64;

// ||X a||^2 of each row a.
std::vector<double> powers_over_samples(const LayerProblem& problem, const Matrix& weights, int64_t first,
                                        int64_t count) {
  const int64_t n = problem.inputs.rows;
  const auto d = static_cast<int>(weights.columns);
  Matrix outputs(count, n);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(count), static_cast<int>(n), d, 1,
              weights.row(first), d, problem.inputs.values.data(), d, 0, outputs.values.data(),
              static_cast<int>(n));
  std::vector<double> powers;
  for (int64_t i = 0; i < count; ++i) {
    powers.push_back(cblas_dsdot(static_cast<int>(n), outputs.row(i), 1, outputs.row(i), 1));
  }
  return powers;
}

// The same as <a, a H>.
std::vector<double> powers_by_gram(const LayerProblem& problem, const Matrix& weights, int64_t first,
                                   int64_t count) {
  const std::vector<double> products = times_gram(problem, weights, first, count);
  std::vector<double> powers;
  for (int64_t i = 0; i < count; ++i) {
    const float* row = weights.row(first + i);
    powers.push_back(
        std::inner_product(row, row + weights.columns, products.data() + i * weights.columns, 0.0));
  }
  return powers;
}

}  // namespace

Matrix match_variance(const LayerProblem& problem, const Matrix& weights, double share, int threads) {
  ensure(weights.rows == problem.weights.rows && weights.columns == problem.weights.columns,
         "match_variance: the weights have another shape than the layer problem's");
  const SingleThreadedBlas guard;
  Matrix scaled = weights;
  for_each_strip(
      weights.rows, rows_matched_at_once, threads_wanted(threads), [&](int64_t first, int64_t count) {
        const std::vector<double> given = has_few_samples(problem)
                                              ? powers_over_samples(problem, weights, first, count)
                                              : powers_by_gram(problem, weights, first, count);
        for (int64_t i = 0; i < count; ++i) {
          const double power = given[static_cast<std::size_t>(i)];
          const double wanted = problem.row_powers[static_cast<std::size_t>(first + i)];
          const double factor = std::pow(wanted / power, share / 2);
          if (power > 0 && std::isfinite(factor) && factor > 0) {
            float* row = scaled.row(first + i);
            std::transform(row, row + scaled.columns, row,
                           [&](float w) { return static_cast<float>(factor * static_cast<double>(w)); });
          }
        }
      });
  return scaled;
}

}  // namespace mj
