#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/matrix.h"
#include "base/random.h"
#include "dataset/dataset.h"
#include "network/network.h"
#include "runtime/runtime.h"

/// Networks of a few nodes, made by hand.
class TinyNetwork {
 public:
  using Attributes = std::map<std::string, mj::Attribute, std::less<>>;

  explicit TinyNetwork(int64_t opset = 13) {
    network_.name = "tiny";
    network_.file = "tiny.onnx";
    network_.opset = opset;
  }

  /// @param shape as declared; the batch may be -1
  TinyNetwork& input(const std::string& name, const mj::Shape& shape) {
    network_.inputs.push_back({name, shape, mj::ElementType::float32});
    network_.shapes[name] = shape;
    network_.shapes[name][0] = 1;
    return *this;
  }
  TinyNetwork& constant(const std::string& name, const mj::Shape& shape, std::vector<float> values) {
    network_.constants[name] = {mj::ElementType::float32, shape, std::move(values), {}};
    return *this;
  }
  TinyNetwork& integers(const std::string& name, const std::vector<int64_t>& values) {
    network_.constants[name] = {mj::ElementType::int64, {static_cast<int64_t>(values.size())}, {}, values};
    return *this;
  }
  /// @param shape of the output for one image; may be left out where no layer reads it
  TinyNetwork& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                    const mj::Shape& shape = {}, const Attributes& attributes = {}) {
    network_.nodes.push_back({output + "_node", op, "", inputs, {output}, attributes});
    if (!shape.empty()) {
      network_.shapes[output] = shape;
    }
    return *this;
  }
  mj::Network build(const std::vector<std::string>& outputs) {
    for (const auto& name : outputs) {
      network_.outputs.push_back({name, {}, mj::ElementType::float32});
    }
    mj::find_mac_layers(network_);
    return network_;
  }

 private:
  mj::Network network_;
};

inline std::vector<float> random_values(std::size_t count, uint64_t seed) {
  mj::Random random(seed);
  std::vector<float> values(count);
  for (auto& value : values) {
    value = static_cast<float>(random.normal());
  }
  return values;
}

/// Half of the values zero.
inline std::vector<float> sparse_values(std::size_t count, uint64_t seed) {
  mj::Random random(seed);
  std::vector<float> values(count);
  for (auto& value : values) {
    value = random.below(2) == 0 ? 0.0F : static_cast<float>(random.normal());
  }
  return values;
}

/// Images from memory, one after the other.
inline mj::NetworkInputs images_of(const std::vector<float>& values, int64_t channels, int64_t height,
                                   int64_t width, std::vector<int> labels = {}) {
  mj::NetworkInputs inputs;
  const auto size = static_cast<std::size_t>(channels * height * width);
  inputs.size = values.size() / size;
  inputs.channels = channels;
  inputs.height = height;
  inputs.width = width;
  inputs.labels = std::move(labels);
  for (const int label : inputs.labels) {
    inputs.classes = std::max(inputs.classes, label + 1);
  }
  inputs.load = [values, size](std::size_t index, std::span<float> image) {
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(index * size), size, image.begin());
  };
  return inputs;
}

inline mj::Tensor floats(const mj::Shape& shape, std::vector<float> values) {
  return {mj::ElementType::float32, shape, std::move(values), {}};
}

/// One thread, so that tests running side by side do not disturb each other.
inline mj::RuntimeOptions one_thread(int64_t pass_size = 0) {
  return {1, pass_size};
}

/// What a network makes of its one input.
inline mj::Tensor compute(const mj::Network& network, const mj::Tensor& input) {
  return mj::open_session(network, one_thread())->run({input}).at(0);
}
