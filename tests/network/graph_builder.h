#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "network/network.h"

/// Graphs made by hand: every value's shape is said, as if it had been inferred for one image.
class GraphBuilder {
 public:
  using Attributes = std::map<std::string, mj::Attribute, std::less<>>;
  using Sizes = std::vector<int64_t>;

  GraphBuilder& input(const std::string& name, const mj::Shape& shape) {
    network_.inputs.push_back({name, shape, mj::ElementType::float32});
    network_.shapes[name] = shape;
    return *this;
  }
  /// A constant that counts 1, 2, 3, ...
  GraphBuilder& constant(const std::string& name, const mj::Shape& shape) {
    std::vector<float> values(static_cast<std::size_t>(mj::element_count(shape)));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(i + 1);
    }
    network_.constants[name] = {mj::ElementType::float32, shape, std::move(values), {}};
    return *this;
  }
  GraphBuilder& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                     const mj::Shape& shape, const Attributes& attributes = {},
                     const std::string& name = {}) {
    network_.nodes.push_back({name, op, "", inputs, {output}, attributes});
    network_.shapes[output] = shape;
    return *this;
  }
  GraphBuilder& output(const std::string& name) {
    network_.outputs.push_back({name, network_.shapes[name], mj::ElementType::float32});
    return *this;
  }
  mj::Network network() const {
    mj::Network made = network_;
    made.file = "net.onnx";
    return made;
  }
  /// With its layers.
  mj::Network build() const {
    mj::Network made = network();
    mj::find_mac_layers(made);
    return made;
  }

 private:
  mj::Network network_;
};

/// One convolution, with inputs "x" and "w".
inline GraphBuilder convolution(const mj::Shape& input, const mj::Shape& weights,
                                const GraphBuilder::Attributes& attributes = {}) {
  GraphBuilder graph;
  graph.input("x", input).constant("w", weights).node("Conv", {"x", "w"}, "y", {}, attributes, "conv1");
  return graph;
}
