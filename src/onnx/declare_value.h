#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "network/tensor.h"

namespace mj {

/// Sizes below 0 are left open.
void set_shape(const Shape& shape, onnx::TensorShapeProto& proto);

/// Names a value and says its type and shape.
void declare_value(const std::string& name, ElementType type, const Shape& shape,
                   onnx::ValueInfoProto& proto);

}  // namespace mj
