#include "synthetic_layer.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace mj::bench {
namespace {

constexpr double kFallOff = .96;  // of the causes' strength, 1 / (k + kOffset)^kFallOff
constexpr double kOffset = 3.91;
constexpr double kOfChannel = .16;  // of a mixture's variance
constexpr double kNoise = .205;     // beside mixtures of unit power
constexpr double kShift = -.025;    // added before the ReLU
constexpr double kScales = .565;    // standard deviation of the logarithm of the columns' scales
constexpr double kTail = 1.103;     // exponent of the weights, normal ones with their sign
constexpr int64_t kPlaces = 9;

Matrix normal_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Random random(seed);
  Matrix matrix(rows, columns);
  for (auto& value : matrix.values) {
    value = static_cast<float>(random.normal());
  }
  return matrix;
}

Matrix heavy_tailed(Matrix values) {
  for (auto& value : values.values) {
    value = static_cast<float>(std::copysign(std::pow(std::fabs(static_cast<double>(value)), kTail), value));
  }
  return values;
}

// Rows of unit length.
Matrix mixing_of_causes(int64_t columns, uint64_t seed) {
  Matrix mixing = normal_matrix(columns, columns, derive_seed(seed, 1));
  const Matrix of_channels = normal_matrix(columns / kPlaces, columns, derive_seed(seed, 2));
  for (int64_t j = 0; j < columns; ++j) {
    double power = 0;
    for (int64_t k = 0; k < columns; ++k) {
      const double mixed = std::sqrt(kOfChannel) * static_cast<double>(of_channels.at(j / kPlaces, k)) +
                           std::sqrt(1 - kOfChannel) * static_cast<double>(mixing.at(j, k));
      const double strength = mixed * std::pow(static_cast<double>(k) + kOffset, -kFallOff);
      mixing.at(j, k) = static_cast<float>(strength);
      power += strength * strength;
    }
    for (int64_t k = 0; k < columns; ++k) {
      mixing.at(j, k) /= static_cast<float>(std::sqrt(power));
    }
  }
  return mixing;
}

std::vector<float> column_scales(int64_t columns, uint64_t seed) {
  Random random(derive_seed(seed, 3));
  std::vector<float> scales;
  for (int64_t j = 0; j < columns; ++j) {
    scales.push_back(static_cast<float>(std::exp(kScales * random.normal())));
  }
  return scales;
}

Matrix correlated_inputs(int64_t samples, int64_t columns, uint64_t seed, uint64_t draw) {
  const auto scales = column_scales(columns, seed);
  Matrix inputs = times_transposed(normal_matrix(samples, columns, derive_seed(seed, draw)),
                                   mixing_of_causes(columns, seed));
  Random noise(derive_seed(seed, draw + 1));
  for (int64_t i = 0; i < samples; ++i) {
    for (std::size_t j = 0; j < scales.size(); ++j) {
      float& value = inputs.row(i)[j];
      value = std::max(value + static_cast<float>(kNoise * noise.normal() + kShift), 0.0F) * scales[j];
    }
  }
  return inputs;
}

}  // namespace

Matrix times_transposed(const Matrix& a, const Matrix& b) {
  Matrix product(a.rows, b.rows);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(a.rows), static_cast<int>(b.rows),
              static_cast<int>(a.columns), 1, a.values.data(), static_cast<int>(a.columns), b.values.data(),
              static_cast<int>(a.columns), 0, product.values.data(), static_cast<int>(b.rows));
  return product;
}

SyntheticLayer::SyntheticLayer(int64_t filters, int64_t columns, uint64_t seed)
    : weights(heavy_tailed(normal_matrix(filters, columns, derive_seed(seed, 4)))),
      inputs(correlated_inputs(kSamples, columns, seed, 5)),
      outputs(times_transposed(inputs, weights)),
      problem(make_layer_problem(weights, inputs, outputs, "layer", true, 1)),
      other_inputs(correlated_inputs(kSamples / 2, columns, seed, 7)),
      other_outputs(times_transposed(other_inputs, weights)) {
  ensure(columns % kPlaces == 0, "a synthetic layer has nine columns a channel");
}

const SyntheticLayer& synthetic_layer(int64_t filters, int64_t columns, uint64_t seed) {
  static std::map<std::tuple<int64_t, int64_t, uint64_t>, SyntheticLayer> layers;
  const std::tuple key(filters, columns, seed);
  auto found = layers.find(key);
  if (found == layers.end()) {
    found = layers.emplace(key, SyntheticLayer(filters, columns, seed)).first;
  }
  return found->second;
}

}  // namespace mj::bench
