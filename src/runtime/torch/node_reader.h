#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "network/network.h"

namespace mj {

/// What can be known of a node before it runs. What a file can get wrong throws InputError that names file,
/// node and operator.
class NodeReader {
 public:
  NodeReader(const Network& network, const Node& node) : network_(network), node_(node) {}

  int64_t opset() const { return network_.opset; }
  std::size_t output_count() const { return node_.outputs.size(); }
  bool has_input(std::size_t index) const;
  /// The constant that the node reads there; nullptr where it is none.
  const Tensor* constant_input(std::size_t index) const;

  bool has(std::string_view attribute) const;
  int64_t integer(std::string_view attribute, int64_t fallback) const;
  bool flag(std::string_view attribute) const { return integer(attribute, 0) != 0; }
  float number(std::string_view attribute, float fallback) const;
  std::string text(std::string_view attribute, std::string_view fallback) const;
  std::vector<int64_t> integers(std::string_view attribute) const;
  std::vector<float> numbers(std::string_view attribute) const;
  /// nullptr where it is absent.
  const Tensor* tensor(std::string_view attribute) const;

  /// Throws unless the node reads and gives so many values.
  void expect_inputs(std::size_t least, std::size_t most) const;
  [[noreturn]] void reject(const std::string& problem, const std::string& remedy) const;

 private:
  template <class T>
  const T* find(std::string_view attribute, const char* kind) const;

  const Network& network_;
  const Node& node_;
};

/// "node 'conv1' (Conv)"; a node without a name goes by its first output.
std::string place_of_node(const Node& node);

}  // namespace mj
