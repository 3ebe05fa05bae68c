#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "network/network.h"

namespace mj {

/// Sizes, attributes and values beyond this tell ONNX's rules nothing, and make some of them overflow.
constexpr int64_t largest_rule_value = (int64_t{1} << 31) - 1;

/// Shapes of a node's inputs; nullopt where nothing is known, also of an absent one.
using InputShapes = std::vector<std::optional<Shape>>;

/// Whether ONNX's rule for the operator may be applied. The rules are not made for wrong models: some read
/// dimensions that are not there, divide by zero or never end. Operators that are allowed here were tried
/// with random operands and attributes, and the conditions are what their rules turned out to need.
bool is_rule_safe(const Node& node, const InputShapes& inputs);

/// Whether the operator leaves its first input's shape as it is, and ONNX's rules at hand are too old to know
/// it or unsafe.
bool keeps_shape(const Node& node);

}  // namespace mj
