#include "onnx/constant_nodes.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "onnx/graph_order.h"
#include "onnx/node_conversion.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

bool is_constant_node(const onnx::NodeProto& node) {
  return node.op_type() == "Constant" && normal_domain(node.domain()).empty() && node.output_size() == 1 &&
         node.attribute_size() == 1 && !node.output(0).empty();
}

Tensor float_tensor(Shape shape, std::vector<float> values) {
  return {ElementType::float32, std::move(shape), std::move(values), {}};
}

Tensor integer_tensor(Shape shape, std::vector<int64_t> values) {
  return {ElementType::int64, std::move(shape), {}, std::move(values)};
}

}  // namespace

std::optional<Tensor> decode_constant_node(const onnx::NodeProto& node, const std::string& file) {
  if (!is_constant_node(node)) {
    return std::nullopt;
  }
  const onnx::AttributeProto& value = node.attribute(0);
  if (value.name() == "value" && value.has_t()) {
    return decode_tensor(value.t(), file, place_of(node));
  }
  if (value.name() == "value_float" && value.has_f()) {
    return float_tensor({}, {value.f()});
  }
  if (value.name() == "value_floats") {
    return float_tensor({value.floats_size()}, {value.floats().begin(), value.floats().end()});
  }
  if (value.name() == "value_int" && value.has_i()) {
    return integer_tensor({}, {value.i()});
  }
  if (value.name() == "value_ints") {
    return integer_tensor({value.ints_size()}, {value.ints().begin(), value.ints().end()});
  }
  return std::nullopt;
}

void clear_constant_node(onnx::NodeProto& node) {
  onnx::AttributeProto& value = *node.mutable_attribute(0);
  if (value.has_t()) {
    clear_values(*value.mutable_t());
  }
}

void encode_constant_node(const Tensor& tensor, onnx::NodeProto& node) {
  ensure(is_constant_node(node), "a constant is no longer given by a Constant node");
  onnx::AttributeProto& value = *node.mutable_attribute(0);
  if (value.name() == "value") {
    encode_tensor(tensor, *value.mutable_t());
  } else if (value.name() == "value_float") {
    value.set_f(tensor.floats.at(0));
  } else if (value.name() == "value_floats") {
    value.mutable_floats()->Assign(tensor.floats.begin(), tensor.floats.end());
  } else if (value.name() == "value_int") {
    value.set_i(tensor.integers.at(0));
  } else if (value.name() == "value_ints") {
    value.mutable_ints()->Assign(tensor.integers.begin(), tensor.integers.end());
  }
}

}  // namespace mj
