#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "network/network.h"

namespace mj {

/// What can be known of a node before it runs. What a file can get wrong throws InputError that names file,
/// node and operator.
class NodeReader {
 public:
  /// @param folded values that nodes compute from constants alone
  NodeReader(const Network& network, const Node& node, const std::set<std::string, std::less<>>& folded)
      : network_(network), node_(node), folded_(folded) {}

  int64_t opset() const { return network_.opset; }
  std::size_t output_count() const { return node_.outputs.size(); }
  bool has_input(std::size_t index) const;
  /// Whether what the node reads there is the same for all inputs.
  bool is_constant(std::size_t index) const;
  /// Of constants and graph inputs; nullopt where only running tells.
  std::optional<ElementType> input_type(std::size_t index) const;

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
  const std::set<std::string, std::less<>>& folded_;
};

/// "node 'conv1' (Conv)"; a node without a name goes by its first output.
std::string place_of_node(const Node& node);

}  // namespace mj
