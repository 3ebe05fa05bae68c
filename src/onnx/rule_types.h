#pragma once

#include <onnx/defs/schema.h>
#include <onnx/onnx_pb.h>

#include <cstdint>

#include "network/network.h"

namespace mj {

/// The nearest number that ONNX's rules can compute with (largest_rule_value).
int64_t clamp_for_rules(int64_t value);

/// The type as ONNX's rules know it; sizes beyond their range become unknown.
onnx::TypeProto make_type(ElementType element, const Shape& shape);

/// -1 where a size is unknown or beyond the rules' range.
Shape to_shape(const onnx::TensorShapeProto& proto);

void drop_implausible(onnx::TypeProto& type);

/// ONNX's definition of the node's operator in the network's operator set; nullptr where there is none.
const onnx::OpSchema* find_schema(const Network& network, const Node& node);

/// Whether the rule for the operator's shapes is known, by ONNX or here.
bool has_rule(const Network& network, const Node& node);

}  // namespace mj
