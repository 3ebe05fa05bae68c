#include "synthetic_layer.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace mj::bench {
namespace {

constexpr double kFallOff = 1.04;  // of the causes' strength, 1 / (k + kOffset)^kFallOff
constexpr double kOffset = 3.14;
constexpr double kNoise = .15;    // beside mixtures of unit power
constexpr double kShift = -.14;   // added before the ReLU
constexpr double kScales = .584;  // standard deviation of the logarithm of the columns' scales

Matrix normal_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  Matrix matrix(rows, columns);
  for (auto& value : matrix.values) {
    value = static_cast<float>(random.normal());
  }
  return matrix;
}

// Rows of unit length.
Matrix mixing_of_causes() {
  Matrix mixing = normal_matrix(kColumns, kColumns, 1);
  for (int64_t j = 0; j < kColumns; ++j) {
    double power = 0;
    for (int64_t k = 0; k < kColumns; ++k) {
      float& value = mixing.at(j, k);
      value *= static_cast<float>(std::pow(static_cast<double>(k) + kOffset, -kFallOff));
      power += static_cast<double>(value) * static_cast<double>(value);
    }
    for (int64_t k = 0; k < kColumns; ++k) {
      mixing.at(j, k) /= static_cast<float>(std::sqrt(power));
    }
  }
  return mixing;
}

std::vector<float> column_scales() {
  Random random(7);
  std::vector<float> scales;
  for (int64_t j = 0; j < kColumns; ++j) {
    scales.push_back(static_cast<float>(std::exp(kScales * random.normal())));
  }
  return scales;
}

}  // namespace

Matrix times_transposed(const Matrix& a, const Matrix& b) {
  Matrix product(a.rows, b.rows);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(a.rows), static_cast<int>(b.rows),
              static_cast<int>(a.columns), 1, a.values.data(), static_cast<int>(a.columns), b.values.data(),
              static_cast<int>(a.columns), 0, product.values.data(), static_cast<int>(b.rows));
  return product;
}

Matrix correlated_inputs(int64_t samples, uint64_t seed) {
  const auto scales = column_scales();
  Matrix inputs = times_transposed(normal_matrix(samples, kColumns, seed), mixing_of_causes());
  Random noise(derive_seed(seed, 1));
  for (int64_t i = 0; i < samples; ++i) {
    for (std::size_t j = 0; j < scales.size(); ++j) {
      float& value = inputs.row(i)[j];
      value = std::max(value + static_cast<float>(kNoise * noise.normal() + kShift), 0.0F) * scales[j];
    }
  }
  return inputs;
}

const Matrix& inputs() {
  static const Matrix samples = correlated_inputs(kSamples, 2);
  return samples;
}

const Matrix& weights() {
  static const Matrix values = normal_matrix(kFilters, kColumns, 3);
  return values;
}

const Matrix& outputs() {
  static const Matrix samples = times_transposed(inputs(), weights());
  return samples;
}

const LayerProblem& problem() {
  static const LayerProblem layer = make_layer_problem(weights(), inputs(), outputs(), "layer", true, 1);
  return layer;
}

}  // namespace mj::bench
