#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "network/network.h"
#include "onnx/rule_guard.h"
#include "onnx/small_tensor.h"

namespace mj {

/// What is known of a node's operands; a value is nullptr where nothing is, also of an absent one.
struct FoldOperands {
  std::vector<const SmallTensor*> values;
  InputShapes shapes;
};

/// Computes a node's one output; nullopt where the operands are unknown, wrong or large.
using Folded = std::optional<SmallTensor>;
using Fold = Folded (*)(const Node& node, const FoldOperands& operands);

/// Of the operators that exporters compute shapes with; nullptr for the rest.
Fold find_fold(const Node& node);

/// Of those the ones that compute each element by itself, or one from all.
Fold find_element_fold(std::string_view op);

/// nullptr where the operand is absent or unknown.
const SmallTensor* value_of(const FoldOperands& operands, std::size_t index);

int64_t integer_of(const Node& node, std::string_view attribute, int64_t fallback);

}  // namespace mj
