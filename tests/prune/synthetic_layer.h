#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/matrix.h"
#include "base/random.h"
#include "prune/energy_aware.h"
#include "prune/layer_problem.h"

namespace mj {

inline Matrix normal_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  Matrix matrix(rows, columns);
  for (auto& value : matrix.values) {
    value = static_cast<float>(random.normal());
  }
  return matrix;
}

/// A B^T, summed in double.
inline Matrix times_transposed(const Matrix& a, const Matrix& b) {
  Matrix product(a.rows, b.rows);
  for (int64_t i = 0; i < a.rows; ++i) {
    for (int64_t j = 0; j < b.rows; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < a.columns; ++k) {
        sum += static_cast<double>(a.at(i, k)) * static_cast<double>(b.at(j, k));
      }
      product.at(i, j) = static_cast<float>(sum);
    }
  }
  return product;
}

/// What a layer behind a ReLU reads: max(0, G z), with G a random mixing of D hidden causes z whose strength
/// falls as 1 / sqrt(k), so that the columns correlate.
inline Matrix relu_mixture(int64_t samples, int64_t columns, uint64_t seed) {
  Matrix mixing = normal_matrix(columns, columns, 1);
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t k = 0; k < columns; ++k) {
      mixing.at(j, k) /= std::sqrt(static_cast<float>(k + 1));
    }
  }
  Matrix inputs = times_transposed(normal_matrix(samples, columns, seed), mixing);
  for (auto& value : inputs.values) {
    value = std::max(value, 0.0F);
  }
  return inputs;
}

/// Normal weights on normal inputs, outputs with noise.
inline LayerProblem noisy_problem(int64_t rows, int64_t columns, int64_t samples, uint64_t seed,
                                  int threads = 1) {
  auto weights = normal_matrix(rows, columns, seed);
  auto inputs = normal_matrix(samples, columns, seed + 1);
  auto outputs = times_transposed(inputs, weights);
  const auto noise = normal_matrix(samples, rows, seed + 2);
  for (std::size_t i = 0; i < outputs.values.size(); ++i) {
    outputs.values[i] += 0.5F * noise.values[i] + 2;
  }
  return make_layer_problem(std::move(weights), std::move(inputs), std::move(outputs), "layer", true,
                            threads);
}

inline Support random_support(int64_t rows, int64_t columns, double density, uint64_t seed) {
  Random random(seed);
  Support support{rows, columns, std::vector<uint8_t>(static_cast<std::size_t>(rows * columns))};
  for (auto& kept : support.kept) {
    kept = random.uniform() < density ? 1 : 0;
  }
  return support;
}

inline Support empty_support(int64_t rows, int64_t columns) {
  return {rows, columns, std::vector<uint8_t>(static_cast<std::size_t>(rows * columns))};
}

inline Support full_support(int64_t rows, int64_t columns) {
  return {rows, columns, std::vector<uint8_t>(static_cast<std::size_t>(rows * columns), 1)};
}

inline Matrix matrix_of(int64_t rows, int64_t columns, std::vector<float> values) {
  Matrix matrix(rows, columns);
  matrix.values = std::move(values);
  return matrix;
}

/// A layer without a bias that gives Y = X W^T.
inline LayerProblem exact_problem(const Matrix& weights, const Matrix& inputs) {
  return make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", false, 1);
}

/// Two inputs with the Gram matrix 2 1 / 1 2, whose inverse is 2 -1 / -1 2 over 3, and one row of weights.
inline LayerProblem two_inputs(float first, float second) {
  return exact_problem(matrix_of(1, 2, {first, second}), matrix_of(3, 2, {1, 0, 0, 1, 1, 1}));
}

/// A layer of 32 filters of 144 correlated inputs, and samples that it is not fitted to.
struct HeldOutLayer {
  Matrix weights;
  Matrix others;
  Matrix other_outputs;
  LayerProblem problem;

  /// Of the layer with the support's weights fitted anew, on the other samples.
  double error_of(const Support& support) const {
    return held_out_error(problem, refit_kept(problem, support, 1e-4, 1), others, other_outputs, 1);
  }
};

inline HeldOutLayer held_out_layer() {
  const auto weights = normal_matrix(32, 144, 3);
  const auto inputs = relu_mixture(4096, 144, 4);
  const auto others = relu_mixture(1024, 144, 5);
  return {weights, others, times_transposed(others, weights),
          make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1)};
}

/// Y - X A^T over the problem's (centred) samples, n x M.
inline std::vector<double> residual_of(const LayerProblem& problem, const Matrix& weights) {
  std::vector<double> residual;
  for (int64_t k = 0; k < problem.inputs.rows; ++k) {
    for (int64_t i = 0; i < weights.rows; ++i) {
      double sum = problem.outputs.at(k, i);
      for (int64_t j = 0; j < weights.columns; ++j) {
        sum -= static_cast<double>(problem.inputs.at(k, j)) * static_cast<double>(weights.at(i, j));
      }
      residual.push_back(sum);
    }
  }
  return residual;
}

}  // namespace mj
