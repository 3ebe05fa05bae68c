#include "prune/layer_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "prune/inner_products.h"
#include "prune/threads_wanted.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

// A Gram matrix of 8 GiB; the widest layer of a published network (VGG-16's first classifier, 25088) fits.
constexpr int64_t most_columns = 32768;

[[noreturn]] void reject_value(const Matrix& samples, std::string_view what, const std::string& layer) {
  const auto bad =
      std::find_if(samples.values.begin(), samples.values.end(), [](float x) { return !std::isfinite(x); });
  const auto index = bad - samples.values.begin();
  throw InputError(layer,
                   fmt::format("{} {}, value {}", what, index / samples.columns, index % samples.columns),
                   fmt::format("is {}", *bad), "must be a finite number");
}

MJ_WIDE_REGISTERS void add_rows(const Matrix& samples, double* sums) {
  for (int64_t i = 0; i < samples.rows; ++i) {
    const float* row = samples.row(i);
    for (int64_t j = 0; j < samples.columns; ++j) {
      sums[j] += static_cast<double>(row[j]);
    }
  }
}

MJ_WIDE_REGISTERS void subtract_from_rows(Matrix& samples, const double* means) {
  for (int64_t i = 0; i < samples.rows; ++i) {
    float* row = samples.row(i);
    for (int64_t j = 0; j < samples.columns; ++j) {
      row[j] = static_cast<float>(static_cast<double>(row[j]) - means[j]);
    }
  }
}

std::vector<double> column_means(const Matrix& samples) {
  std::vector<double> means(static_cast<std::size_t>(samples.columns));
  add_rows(samples, means.data());
  for (auto& mean : means) {
    mean /= static_cast<double>(samples.rows);
  }
  return means;
}

// The columns' means. Sums of finite floats cannot overflow in double, so one that is not finite betrays a
// value.
std::vector<double> finite_means(const Matrix& samples, std::string_view what, const std::string& layer) {
  auto means = column_means(samples);
  if (!std::all_of(means.begin(), means.end(), [](double mean) { return std::isfinite(mean); })) {
    reject_value(samples, what, layer);
  }
  return means;
}

// Subtracts the means, or sets them to 0.
void center(Matrix& samples, std::vector<double>& means, bool has_bias) {
  if (!has_bias) {
    std::fill(means.begin(), means.end(), 0.0);
    return;
  }
  subtract_from_rows(samples, means.data());
}

double squared_norm(const Matrix& matrix) {
  return std::accumulate(matrix.values.begin(), matrix.values.end(), 0.0, [](double sum, float value) {
    return sum + static_cast<double>(value) * static_cast<double>(value);
  });
}

void ensure_shapes(const Matrix& weights, const Matrix& inputs, const Matrix& outputs) {
  ensure(weights.rows > 0 && weights.columns > 0 && inputs.rows > 0, "a layer problem is empty");
  ensure(inputs.columns == weights.columns && outputs.columns == weights.rows && inputs.rows == outputs.rows,
         "weights, inputs and outputs of a layer problem have shapes that do not go together");
}

}  // namespace

LayerProblem make_layer_problem(Matrix weights, Matrix inputs, Matrix outputs, const std::string& layer,
                                bool has_bias, int threads) {
  ensure_shapes(weights, inputs, outputs);
  if (weights.columns > most_columns) {
    throw InputError(layer, "", fmt::format("has {} weights in a filter", weights.columns),
                     fmt::format("at most {} can be refitted by least squares", most_columns));
  }
  LayerProblem problem;
  finite_means(weights, "filter", layer);
  problem.input_means = finite_means(inputs, "input sample", layer);
  problem.output_means = finite_means(outputs, "output sample", layer);
  center(inputs, problem.input_means, has_bias);
  center(outputs, problem.output_means, has_bias);
  auto products = inner_products(inputs, outputs, threads_wanted(threads));
  problem.gram = std::move(products.gram);
  problem.correlation = std::move(products.correlation);
  problem.output_power = squared_norm(outputs);
  problem.weights = std::move(weights);
  problem.inputs = std::move(inputs);
  problem.outputs = std::move(outputs);
  return problem;
}

bool is_coupled(const LayerProblem& problem) {
  return !problem.coupling.values.empty();
}

bool has_few_samples(const LayerProblem& problem) {
  return problem.inputs.rows > 0 && 2 * problem.inputs.rows < problem.weights.columns;
}

double mean_diagonal(const LayerProblem& problem) {
  const int64_t d = problem.weights.columns;
  double mean = 0;
  for (int64_t j = 0; j < d; ++j) {
    mean += problem.gram[static_cast<std::size_t>(j * d + j)] / static_cast<double>(d);
  }
  return mean;
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
