#include "prune/layer_problem.h"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "prune/inner_products.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

/// Of samples; each part is summed by itself, so that sums are the same for any number of threads.
constexpr int64_t rows_in_part = 1024;

[[noreturn]] void reject_value(const Matrix& samples, std::string_view what, const std::string& layer) {
  const auto bad =
      std::find_if(samples.values.begin(), samples.values.end(), [](float x) { return !std::isfinite(x); });
  const auto index = bad - samples.values.begin();
  throw InputError(layer,
                   fmt::format("{} {}, value {}", what, index / samples.columns, index % samples.columns),
                   fmt::format("is {}", *bad), "must be a finite number");
}

MJ_WIDE_REGISTERS void add_rows(const float* row, int64_t rows, int64_t columns, double* sums) {
  for (int64_t i = 0; i < rows; ++i, row += columns) {
    for (int64_t j = 0; j < columns; ++j) {
      sums[j] += static_cast<double>(row[j]);
    }
  }
}

MJ_WIDE_REGISTERS void add_squares(const float* row, int64_t rows, int64_t columns, double* sums) {
  for (int64_t i = 0; i < rows; ++i, row += columns) {
    for (int64_t j = 0; j < columns; ++j) {
      sums[j] += static_cast<double>(row[j]) * static_cast<double>(row[j]);
    }
  }
}

MJ_WIDE_REGISTERS void subtract_from_rows(float* row, int64_t rows, int64_t columns, const double* means) {
  for (int64_t i = 0; i < rows; ++i, row += columns) {
    for (int64_t j = 0; j < columns; ++j) {
      row[j] = static_cast<float>(static_cast<double>(row[j]) - means[j]);
    }
  }
}

// @param add of some rows' values, or of what is made of them
std::vector<double> column_sums(const Matrix& samples,
                                void (*add)(const float* row, int64_t rows, int64_t columns, double* sums),
                                int threads) {
  const auto columns = static_cast<std::size_t>(samples.columns);
  std::vector<std::vector<double>> parts(static_cast<std::size_t>(strip_count(samples.rows, rows_in_part)));
  for_each_strip(samples.rows, rows_in_part, threads, [&](int64_t first, int64_t count) {
    std::vector<double>& part = parts[static_cast<std::size_t>(first / rows_in_part)];
    part.resize(columns);
    add(samples.row(first), count, samples.columns, part.data());
  });
  std::vector<double> sums(columns);
  for (const auto& part : parts) {
    std::transform(part.begin(), part.end(), sums.begin(), sums.begin(), std::plus<>());
  }
  return sums;
}

// The columns' means. Sums of finite floats cannot overflow in double, so one that is not finite betrays a
// value.
std::vector<double> finite_means(const Matrix& samples, std::string_view what, const std::string& layer,
                                 int threads) {
  auto means = column_sums(samples, add_rows, threads);
  for (double& mean : means) {
    mean /= static_cast<double>(samples.rows);
  }
  if (!std::all_of(means.begin(), means.end(), [](double mean) { return std::isfinite(mean); })) {
    reject_value(samples, what, layer);
  }
  return means;
}

// Subtracts the means, or sets them to 0.
void center(Matrix& samples, std::vector<double>& means, bool has_bias, int threads) {
  if (!has_bias) {
    std::fill(means.begin(), means.end(), 0.0);
    return;
  }
  for_each_strip(samples.rows, rows_in_part, threads, [&](int64_t first, int64_t count) {
    subtract_from_rows(samples.row(first), count, samples.columns, means.data());
  });
}

void ensure_shapes(const Matrix& weights, const Matrix& inputs, const Matrix& outputs) {
  ensure(weights.rows > 0 && weights.columns > 0 && inputs.rows > 0, "a layer problem is empty");
  ensure(inputs.columns == weights.columns && outputs.columns == weights.rows && inputs.rows == outputs.rows,
         "weights, inputs and outputs of a layer problem have shapes that do not go together");
}

void add(double factor, const std::vector<double>& terms, std::vector<double>& sums) {
  std::transform(sums.begin(), sums.end(), terms.begin(), sums.begin(),
                 [factor](double sum, double term) { return sum + factor * term; });
}

// factor a b^T
void add_product(double factor, const std::vector<double>& a, const std::vector<double>& b,
                 std::vector<double>& sums) {
  auto row = sums.begin();
  for (const double each : a) {
    std::transform(b.begin(), b.end(), row, row,
                   [scale = factor * each](double x, double sum) { return sum + scale * x; });
    row += std::ssize(b);
  }
}

// y^T F y
double power_of(const std::vector<double>& y, const Matrix& coupling) {
  double power = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    power +=
        y[i] *
        (coupling.values.empty() ? y[i] : std::inner_product(y.begin(), y.end(), coupling.row(row), 0.0));
  }
  return power;
}

/// Squares of finite samples may overflow.
void check_products(const LayerProblem& problem, const std::string& layer) {
  const double mean = mean_diagonal(problem);
  if (!std::isfinite(mean)) {
    throw InputError(layer, "input samples", fmt::format("have a mean square of {}", mean),
                     "check the preprocessing: values are too large for single precision");
  }
}

}  // namespace

LayerProblem make_layer_problem(Matrix weights, Matrix inputs, Matrix outputs, const std::string& layer,
                                bool has_bias, int threads) {
  ensure_shapes(weights, inputs, outputs);
  if (weights.columns > most_filter_weights) {
    throw InputError(layer, "", fmt::format("has {} weights in a filter", weights.columns),
                     fmt::format("at most {} can be refitted by least squares", most_filter_weights));
  }
  LayerProblem problem;
  threads = threads_wanted(threads);
  finite_means(weights, "filter", layer, threads);
  problem.input_means = finite_means(inputs, "input sample", layer, threads);
  problem.output_means = finite_means(outputs, "output sample", layer, threads);
  center(inputs, problem.input_means, has_bias, threads);
  center(outputs, problem.output_means, has_bias, threads);
  auto products = inner_products(inputs, outputs, threads);
  problem.gram = std::move(products.gram);
  problem.correlation = std::move(products.correlation);
  problem.row_powers = column_sums(outputs, add_squares, threads);
  problem.output_power = std::accumulate(problem.row_powers.begin(), problem.row_powers.end(), 0.0);
  problem.samples = inputs.rows;
  problem.weights = std::move(weights);
  problem.inputs = std::move(inputs);
  problem.outputs = std::move(outputs);
  check_products(problem, layer);
  return problem;
}

void add_samples(LayerProblem& problem, LayerProblem more) {
  ensure(more.weights.rows == problem.weights.rows && more.weights.columns == problem.weights.columns &&
             is_coupled(more) == is_coupled(problem),
         "add_samples: the problems are not of one layer");
  const auto share = static_cast<double>(more.samples) / static_cast<double>(problem.samples + more.samples);
  const double count = static_cast<double>(problem.samples) * share;
  std::vector<double> inputs = std::move(more.input_means);
  std::vector<double> outputs = std::move(more.output_means);
  add(-1, problem.input_means, inputs);
  add(-1, problem.output_means, outputs);
  // Products about the means of all samples: where two means are t apart there are n n' / (n + n') t t^T
  // more.
  add(1, more.gram, problem.gram);
  add_product(count, inputs, inputs, problem.gram);
  add(1, more.correlation, problem.correlation);
  add_product(count, inputs, outputs, problem.correlation);
  add(1, more.row_powers, problem.row_powers);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    problem.row_powers[i] += count * outputs[i] * outputs[i];
  }
  problem.output_power += more.output_power + count * power_of(outputs, problem.coupling);
  add(share, inputs, problem.input_means);
  add(share, outputs, problem.output_means);
  problem.samples += more.samples;
  problem.inputs = Matrix();
  problem.outputs = Matrix();
}

bool is_coupled(const LayerProblem& problem) {
  return !problem.coupling.values.empty();
}

bool has_few_samples(const LayerProblem& problem) {
  return problem.inputs.rows > 0 && 2 * problem.inputs.rows < problem.weights.columns;
}

void divide_by_root_prices(const LayerProblem& problem, int64_t first, Matrix& values) {
  if (problem.prices.empty()) {
    return;
  }
  std::vector<float> factors;
  factors.reserve(static_cast<std::size_t>(values.columns));
  for (int64_t j = first; j < first + values.columns; ++j) {
    factors.push_back(static_cast<float>(1 / std::sqrt(problem.prices[static_cast<std::size_t>(j)])));
  }
  for (int64_t i = 0; i < values.rows; ++i) {
    std::transform(factors.begin(), factors.end(), values.row(i), values.row(i), std::multiplies<>());
  }
}

double mean_diagonal(const LayerProblem& problem) {
  const int64_t d = problem.weights.columns;
  double mean = 0;
  for (int64_t j = 0; j < d; ++j) {
    mean += problem.gram[static_cast<std::size_t>(j * d + j)] / static_cast<double>(d);
  }
  return mean;
}

std::vector<double> times_gram(const LayerProblem& problem, const Matrix& weights, int64_t first,
                               int64_t count) {
  const auto d = static_cast<int>(weights.columns);
  const std::vector<double> rows(weights.row(first), weights.row(first) + count * weights.columns);
  std::vector<double> product(rows.size());
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(count), d, d, 1, rows.data(), d,
              problem.gram.data(), d, 0, product.data(), d);
  return product;
}

std::vector<double> inverse_diagonal(const LayerProblem& problem, double damping) {
  const int64_t d = problem.weights.columns;
  std::vector<double> inverse;
  for (int64_t j = 0; j < d; ++j) {
    const double diagonal = problem.gram[static_cast<std::size_t>(j * d + j)] + damping;
    inverse.push_back(diagonal > 0 ? 1 / diagonal : 0);
  }
  return inverse;
}

std::vector<float> fitted_bias(const LayerProblem& problem, const Matrix& weights) {
  ensure(weights.rows == problem.weights.rows && weights.columns == problem.weights.columns,
         "fitted_bias: the weights have another shape than the problem's");
  std::vector<float> bias;
  for (int64_t i = 0; i < weights.rows; ++i) {
    const float* row = weights.row(i);
    const double shift = std::inner_product(row, row + weights.columns, problem.input_means.begin(), 0.0);
    bias.push_back(static_cast<float>(problem.output_means[static_cast<std::size_t>(i)] - shift));
  }
  return bias;
}

}  // namespace mj
