#include "runtime/torch/node_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/error.h"

namespace mj {

std::string place_of_node(const Node& node) {
  const bool named = !node.name.empty() || node.outputs.empty();
  return fmt::format("node '{}' ({})", named ? node.name : node.outputs[0], node.op);
}

bool NodeReader::has_input(std::size_t index) const {
  return index < node_.inputs.size() && !node_.inputs[index].empty();
}

bool NodeReader::is_constant(std::size_t index) const {
  return has_input(index) &&
         (network_.constants.contains(node_.inputs[index]) || folded_.contains(node_.inputs[index]));
}

std::optional<ElementType> NodeReader::input_type(std::size_t index) const {
  if (!has_input(index)) {
    return std::nullopt;
  }
  const auto constant = network_.constants.find(node_.inputs[index]);
  if (constant != network_.constants.end()) {
    return constant->second.type;
  }
  const auto input = std::find_if(network_.inputs.begin(), network_.inputs.end(),
                                  [&](const Value& value) { return value.name == node_.inputs[index]; });
  return input == network_.inputs.end() ? std::nullopt : std::optional(input->type);
}

bool NodeReader::has(std::string_view attribute) const {
  return node_.attributes.find(attribute) != node_.attributes.end();
}

template <class T>
const T* NodeReader::find(std::string_view attribute, const char* kind) const {
  const auto found = node_.attributes.find(attribute);
  if (found == node_.attributes.end()) {
    return nullptr;
  }
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) {
    reject(fmt::format("has an attribute '{}' of another type", attribute), fmt::format("must be {}", kind));
  }
  return value;
}

int64_t NodeReader::integer(std::string_view attribute, int64_t fallback) const {
  const auto* value = find<int64_t>(attribute, "an integer");
  return value == nullptr ? fallback : *value;
}

float NodeReader::number(std::string_view attribute, float fallback) const {
  const auto* value = find<float>(attribute, "a number");
  return value == nullptr ? fallback : *value;
}

std::string NodeReader::text(std::string_view attribute, std::string_view fallback) const {
  const auto* value = find<std::string>(attribute, "a text");
  return value == nullptr ? std::string(fallback) : *value;
}

std::vector<int64_t> NodeReader::integers(std::string_view attribute) const {
  const auto* value = find<std::vector<int64_t>>(attribute, "a list of integers");
  return value == nullptr ? std::vector<int64_t>{} : *value;
}

std::vector<float> NodeReader::numbers(std::string_view attribute) const {
  const auto* value = find<std::vector<float>>(attribute, "a list of numbers");
  return value == nullptr ? std::vector<float>{} : *value;
}

const Tensor* NodeReader::tensor(std::string_view attribute) const {
  return find<Tensor>(attribute, "a tensor");
}

void NodeReader::expect_inputs(std::size_t least, std::size_t most) const {
  for (std::size_t i = 0; i < least; ++i) {
    if (!has_input(i)) {
      reject(fmt::format("lacks its input {}", i + 1), fmt::format("needs {}", least));
    }
  }
  if (node_.inputs.size() > most) {
    reject(fmt::format("has {} inputs", node_.inputs.size()), fmt::format("takes at most {}", most));
  }
}

void NodeReader::reject(const std::string& problem, const std::string& remedy) const {
  throw InputError(network_.file, place_of_node(node_), problem, remedy);
}

}  // namespace mj
