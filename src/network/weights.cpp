#include "network/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/huge_pages.h"

namespace mj {
namespace {

const Tensor& layer_tensor(const Network& network, const MacLayer& layer) {
  ensure(has_weight_values(network, layer), "the weights of a layer without values are asked for");
  return network.constants.find(layer.weights)->second;
}

/// Steps from the zero point, which is one for all or one for each output channel.
std::vector<float> steps_from_zero(const Network& network, const MacLayer& layer, const Tensor& tensor) {
  const auto zero = network.constants.find(layer.weight_zero_point);
  const std::vector<int64_t> none{0};
  const auto& zeros =
      zero == network.constants.end() || zero->second.integers.empty() ? none : zero->second.integers;
  const std::size_t outputs = static_cast<std::size_t>(layer.shape.groups * layer.shape.k);
  const std::size_t inner = tensor.integers.size() / outputs;
  std::vector<float> steps(tensor.integers.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t channel = layer.layout == WeightLayout::output_first ? i / inner : i % outputs;
    steps[i] = static_cast<float>(tensor.integers[i] - zeros[zeros.size() == outputs ? channel : 0]);
  }
  return steps;
}

/// A value's index in its tensor, "[3,0,1,2]".
std::string index_text(const Shape& shape, int64_t position) {
  std::vector<int64_t> index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    index[i] = position % shape[i];
    position /= shape[i];
  }
  return fmt::format("[{}]", fmt::join(index, ","));
}

void check_finite(const Network& network, const MacLayer& layer, const std::string& value) {
  const auto constant = network.constants.find(value);
  if (constant == network.constants.end()) {
    return;
  }
  const Tensor& tensor = constant->second;
  const auto bad = std::find_if(tensor.floats.begin(), tensor.floats.end(),
                                [](float number) { return !std::isfinite(number); });
  if (bad != tensor.floats.end()) {
    const std::string number = std::isnan(*bad) ? "NaN" : (*bad > 0 ? "infinite" : "minus infinite");
    throw InputError(
        network.file, "layer '" + layer.name + "'",
        "value " + index_text(tensor.shape, bad - tensor.floats.begin()) + " of '" + value + "' is " + number,
        "weights must be finite numbers");
  }
}

void scale(std::vector<float>& values, float factor) {
  if (factor != 1) {
    std::transform(values.begin(), values.end(), values.begin(), [&](float value) { return factor * value; });
  }
}

}  // namespace

bool has_weight_values(const Network& network, const MacLayer& layer) {
  const auto constant = network.constants.find(layer.weights);
  if (layer.layout == WeightLayout::none || constant == network.constants.end()) {
    return false;
  }
  const Tensor& tensor = constant->second;
  const bool is_known = is_floating(tensor.type) || layer.weight_bits > 0;
  return is_known && static_cast<int64_t>(std::max(tensor.floats.size(), tensor.integers.size())) ==
                         weight_count(layer.shape);
}

bool has_weights(const Network& network, const MacLayer& layer) {
  return has_weight_values(network, layer) && layer.weight_factor != 0 &&
         is_floating(network.constants.find(layer.weights)->second.type) && layer.weight_bits == 0;
}

Matrix weight_matrix(const Network& network, const MacLayer& layer) {
  const Tensor& tensor = layer_tensor(network, layer);
  const LayerShape& shape = layer.shape;
  std::vector<float> values =
      is_floating(tensor.type) ? copy_in_huge_pages(tensor.floats) : steps_from_zero(network, layer, tensor);
  scale(values, layer.weight_factor);
  const int64_t rows = shape.groups * shape.k;
  const int64_t columns = shape.c * shape.r * shape.s;
  if (layer.layout == WeightLayout::output_first) {
    return Matrix(rows, columns, std::move(values));
  }
  Matrix weights(rows, columns);
  const float* value = values.data();
  for (int64_t j = 0; j < weights.columns; ++j) {
    for (int64_t i = 0; i < weights.rows; ++i) {
      weights.at(i, j) = *value++;
    }
  }
  return weights;
}

void set_weight_matrix(Network& network, const MacLayer& layer, const Matrix& weights) {
  ensure(has_weights(network, layer), "weights that are not floating numbers are to be changed");
  const Tensor& present = layer_tensor(network, layer);
  ensure(weights.rows == layer.shape.groups * layer.shape.k &&
             weights.rows * weights.columns == static_cast<int64_t>(present.floats.size()),
         "a weight matrix does not have its layer's size");
  std::vector<float>& floats = network.constants.find(layer.weights)->second.floats;
  if (layer.layout == WeightLayout::output_first) {
    floats = weights.values;
  } else {
    float* value = floats.data();
    for (int64_t j = 0; j < weights.columns; ++j) {
      for (int64_t i = 0; i < weights.rows; ++i) {
        *value++ = weights.at(i, j);
      }
    }
  }
  scale(floats, 1 / layer.weight_factor);
}

std::vector<float> bias_vector(const Network& network, const MacLayer& layer) {
  const auto constant = network.constants.find(layer.bias);
  std::vector<float> bias =
      constant == network.constants.end() ? std::vector<float>() : constant->second.floats;
  scale(bias, layer.bias_factor);
  return bias;
}

void set_bias_vector(Network& network, const MacLayer& layer, const std::vector<float>& bias) {
  const auto constant = network.constants.find(layer.bias);
  ensure(constant != network.constants.end() && constant->second.floats.size() == bias.size(),
         "a bias does not have its layer's size");
  constant->second.floats = bias;
  scale(constant->second.floats, 1 / layer.bias_factor);
}

int64_t count_nonzeros(const Matrix& weights) {
  return std::count_if(weights.values.begin(), weights.values.end(),
                       [](float value) { return value != 0.0F; });
}

int64_t densest_group(const Matrix& weights, int64_t group, int64_t places) {
  const int64_t channels = weights.columns / places;
  int64_t densest = 0;
  for (int64_t i = 0; i < weights.rows; ++i) {
    for (int64_t place = 0; place < places; ++place) {
      for (int64_t first = 0; first < channels; first += group) {
        int64_t count = 0;
        for (int64_t c = first; c < std::min(first + group, channels); ++c) {
          count += weights.at(i, c * places + place) != 0 ? 1 : 0;
        }
        densest = std::max(densest, count);
      }
    }
  }
  return densest;
}

std::vector<int64_t> nonzeros_by_tap(const Matrix& weights, int64_t groups) {
  ensure(groups > 0 && weights.rows % groups == 0, "groups do not divide the filters");
  const int64_t filters = weights.rows / groups;
  std::vector<int64_t> counts(static_cast<std::size_t>(groups * weights.columns));
  for (int64_t i = 0; i < weights.rows; ++i) {
    int64_t* taps = counts.data() + (i / filters) * weights.columns;
    for (int64_t j = 0; j < weights.columns; ++j) {
      taps[j] += weights.at(i, j) != 0.0F ? 1 : 0;
    }
  }
  return counts;
}

void check_finite_weights(const Network& network) {
  for (const MacLayer& layer : network.layers) {
    check_finite(network, layer, layer.weights);
    check_finite(network, layer, layer.bias);
  }
}

}  // namespace mj
