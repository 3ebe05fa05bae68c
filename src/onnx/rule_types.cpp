#include "onnx/rule_types.h"

#include <algorithm>

#include "onnx/element_storage.h"
#include "onnx/rule_guard.h"

namespace mj {
namespace {

bool is_plausible(int64_t size) {
  return size >= 0 && size <= largest_rule_value;
}

}  // namespace

int64_t clamp_for_rules(int64_t value) {
  return std::clamp(value, -largest_rule_value, largest_rule_value);
}

onnx::TypeProto make_type(ElementType element, const Shape& shape) {
  onnx::TypeProto type;
  type.mutable_tensor_type()->set_elem_type(storage_of(element).onnx_type);
  onnx::TensorShapeProto& sizes = *type.mutable_tensor_type()->mutable_shape();
  for (const int64_t size : shape) {
    onnx::TensorShapeProto::Dimension& dimension = *sizes.add_dim();
    if (is_plausible(size)) {
      dimension.set_dim_value(size);
    }
  }
  return type;
}

Shape to_shape(const onnx::TensorShapeProto& proto) {
  Shape shape;
  for (const onnx::TensorShapeProto::Dimension& dimension : proto.dim()) {
    const bool is_known = dimension.has_dim_value() && is_plausible(dimension.dim_value());
    shape.push_back(is_known ? dimension.dim_value() : -1);
  }
  return shape;
}

void drop_implausible(onnx::TypeProto& type) {
  if (type.tensor_type().has_shape()) {
    for (onnx::TensorShapeProto::Dimension& dimension :
         *type.mutable_tensor_type()->mutable_shape()->mutable_dim()) {
      if (dimension.has_dim_value() && !is_plausible(dimension.dim_value())) {
        dimension.clear_dim_value();
      }
    }
  }
}

const onnx::OpSchema* find_schema(const Network& network, const Node& node) {
  const int opset = static_cast<int>(std::min<int64_t>(network.opset, 1 << 20));
  return onnx::OpSchemaRegistry::Instance()->GetSchema(node.op, opset);
}

bool has_rule(const Network& network, const Node& node) {
  return node.domain.empty() && (keeps_shape(node) || find_schema(network, node) != nullptr);
}

}  // namespace mj
