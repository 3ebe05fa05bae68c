#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/error.h"
#include "prune/layer_problem.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_at_once = 64;
constexpr int64_t sample_block = 256;

// <F A, A H> - 2 <F A, Y^T X> over rows `first`.. of A and F A; F = I where outputs are not coupled.
double error_change(const LayerProblem& problem, const Matrix& weights, const std::vector<double>& coupled,
                    int64_t first) {
  const int64_t d = weights.columns;
  const int64_t m = weights.rows;
  const int64_t rows = std::min(rows_at_once, m - first);
  const std::vector<double> product = times_gram(problem, weights, first, rows);
  double change = 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < d; ++j) {
      const double left = coupled.empty() ? static_cast<double>(weights.at(first + i, j))
                                          : coupled[static_cast<std::size_t>((first + i) * d + j)];
      change += left * (product[static_cast<std::size_t>(i * d + j)] -
                        2 * problem.correlation[static_cast<std::size_t>(j * m + first + i)]);
    }
  }
  return change;
}

// F A, in double: the error is what is left of large terms. Empty where outputs are not coupled.
std::vector<double> coupled_weights(const LayerProblem& problem, const Matrix& weights) {
  if (!is_coupled(problem)) {
    return {};
  }
  const auto m = static_cast<int>(weights.rows);
  const auto d = static_cast<int>(weights.columns);
  const std::vector<double> coupling(problem.coupling.values.begin(), problem.coupling.values.end());
  const std::vector<double> a(weights.values.begin(), weights.values.end());
  std::vector<double> product(a.size());
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, d, m, 1, coupling.data(), m, a.data(), d, 0,
              product.data(), d);
  return product;
}

struct ErrorSums {
  double error = 0;
  double power = 0;  ///< of the outputs less their means over the problem's samples
};

// Over samples `first`.. of data that is not centred.
ErrorSums sum_errors(const LayerProblem& problem, const Matrix& weights, const std::vector<float>& bias,
                     const Matrix& inputs, const Matrix& outputs, int64_t first) {
  const int64_t m = weights.rows;
  const int64_t rows = std::min(sample_block, inputs.rows - first);
  Matrix missed(rows, m);
  std::copy(outputs.row(first), outputs.row(first) + rows * m, missed.values.begin());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(rows), static_cast<int>(m),
              static_cast<int>(weights.columns), -1.0F, inputs.row(first), static_cast<int>(weights.columns),
              weights.values.data(), static_cast<int>(weights.columns), 1.0F, missed.values.data(),
              static_cast<int>(m));
  ErrorSums sums;
  for (int64_t k = 0; k < rows; ++k) {
    for (int64_t i = 0; i < m; ++i) {
      const auto channel = static_cast<std::size_t>(i);
      const double error = static_cast<double>(missed.at(k, i)) - static_cast<double>(bias[channel]);
      const double deviation = static_cast<double>(outputs.at(first + k, i)) - problem.output_means[channel];
      sums.error += error * error;
      sums.power += deviation * deviation;
    }
  }
  return sums;
}

ErrorSums sum_all_errors(const LayerProblem& problem, const Matrix& weights, const std::vector<float>& bias,
                         const Matrix& inputs, const Matrix& outputs, int threads) {
  std::vector<ErrorSums> blocks(static_cast<std::size_t>((inputs.rows + sample_block - 1) / sample_block));
  parallel_for(blocks.size(), threads_wanted(threads), [&](std::size_t i) {
    blocks[i] = sum_errors(problem, weights, bias, inputs, outputs, static_cast<int64_t>(i) * sample_block);
  });
  ErrorSums total;
  for (const auto& block : blocks) {
    total.error += block.error;
    total.power += block.power;
  }
  return total;
}

void ensure_shape(const LayerProblem& problem, const Matrix& weights) {
  ensure(weights.rows == problem.weights.rows && weights.columns == problem.weights.columns,
         "the weights have another shape than the layer problem's");
}

}  // namespace

double output_error(const LayerProblem& problem, const Matrix& weights, int threads) {
  ensure_shape(problem, weights);
  if (problem.output_power <= 0) {
    return 0;
  }
  const SingleThreadedBlas guard;
  if (has_few_samples(problem) && !is_coupled(problem)) {
    const std::vector<float> no_bias(static_cast<std::size_t>(weights.rows));  // the means are removed
    return sum_all_errors(problem, weights, no_bias, problem.inputs, problem.outputs, threads).error /
           problem.output_power;
  }
  const std::vector<double> coupled = coupled_weights(problem, weights);
  std::vector<double> changes(static_cast<std::size_t>((weights.rows + rows_at_once - 1) / rows_at_once));
  parallel_for(changes.size(), threads_wanted(threads), [&](std::size_t i) {
    changes[i] = error_change(problem, weights, coupled, static_cast<int64_t>(i) * rows_at_once);
  });
  const double error = std::accumulate(changes.begin(), changes.end(), problem.output_power);
  return std::max(error, 0.0) / problem.output_power;
}

double held_out_error(const LayerProblem& problem, const Matrix& weights, const Matrix& inputs,
                      const Matrix& outputs, int threads) {
  ensure_shape(problem, weights);
  ensure(inputs.columns == weights.columns && outputs.columns == weights.rows && inputs.rows == outputs.rows,
         "held_out_error: the samples have shapes that do not go with the weights");
  const SingleThreadedBlas guard;
  const ErrorSums total =
      sum_all_errors(problem, weights, fitted_bias(problem, weights), inputs, outputs, threads);
  return total.power > 0 ? total.error / total.power : 0;
}

}  // namespace mj
