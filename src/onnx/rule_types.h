#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>

#include "network/tensor.h"

namespace mj {

/// The nearest number that ONNX's rules can compute with (largest_rule_value).
int64_t clamp_for_rules(int64_t value);

/// The type as ONNX's rules know it; sizes beyond their range become unknown.
onnx::TypeProto make_type(ElementType element, const Shape& shape);

/// -1 where a size is unknown or beyond the rules' range.
Shape to_shape(const onnx::TensorShapeProto& proto);

void drop_implausible(onnx::TypeProto& type);

}  // namespace mj
