#include "onnx/shape_inference.h"

#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "onnx/element_storage.h"
#include "onnx/node_conversion.h"
#include "onnx/rule_guard.h"
#include "onnx/rule_types.h"
#include "onnx/shape_arithmetic.h"
#include "onnx/small_tensor.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

/// What is known of values while nodes are visited, in the terms of ONNX's rules.
struct Known {
  std::unordered_map<std::string, onnx::TypeProto> types;
  std::unordered_map<std::string, onnx::TypeProto*> type_pointers;
  std::unordered_map<std::string, onnx::TensorProto> tensors;
  std::unordered_map<std::string, const onnx::TensorProto*> tensor_pointers;
  std::unordered_map<std::string, const onnx::SparseTensorProto*> sparse_pointers;
  std::unordered_map<std::string, SmallTensor> values;
  std::unordered_map<std::string, onnx::TensorShapeProto> propagated;  ///< values of small integer tensors
};

void set_type(Known& known, const std::string& value, onnx::TypeProto type) {
  if (!value.empty()) {
    onnx::TypeProto& place = known.types[value];
    place = std::move(type);
    known.type_pointers[value] = &place;
  }
}

void set_constant(Known& known, const std::string& name, const Tensor& tensor) {
  set_type(known, name, make_type(tensor.type, tensor.shape));
  auto small = to_small(tensor);
  if (!small) {
    return;
  }
  known.values[name] = std::move(*small);
  Tensor plausible = tensor;
  std::transform(tensor.integers.begin(), tensor.integers.end(), plausible.integers.begin(), clamp_for_rules);
  onnx::TensorProto& proto = known.tensors[name];
  proto.set_raw_data(std::string());
  encode_tensor(plausible, proto);
  known.tensor_pointers[name] = &proto;
}

/// From operator set 18 on reductions take their axes as a second input; the rules at hand know the
/// attribute.
void move_axes_to_attribute(const Network& network, const Node& node, onnx::NodeProto& proto) {
  if (network.opset < 18 || !std::string_view(node.op).starts_with("Reduce") || node.op == "ReduceSum" ||
      node.inputs.size() != 2) {
    return;
  }
  const auto axes = network.constants.find(node.inputs[1]);
  if (axes != network.constants.end()) {
    onnx::AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name("axes");
    attribute.set_type(onnx::AttributeProto::INTS);
    attribute.mutable_ints()->Assign(axes->second.integers.begin(), axes->second.integers.end());
    proto.mutable_input()->RemoveLast();
  }
}

/// The node as its schema knows it: without attributes that the schema does not name.
onnx::NodeProto schema_node(const Network& network, const Node& node, const onnx::OpSchema& schema) {
  onnx::NodeProto proto = to_proto(node);
  move_axes_to_attribute(network, node, proto);
  auto& attributes = *proto.mutable_attribute();
  const auto unknown = [&](const onnx::AttributeProto& attribute) {
    return !schema.attributes().contains(attribute.name());
  };
  attributes.erase(std::remove_if(attributes.begin(), attributes.end(), unknown), attributes.end());
  for (onnx::AttributeProto& attribute : attributes) {
    auto& values = *attribute.mutable_ints();
    std::transform(values.begin(), values.end(), values.begin(), clamp_for_rules);
    if (attribute.has_i()) {
      attribute.set_i(clamp_for_rules(attribute.i()));
    }
  }
  return proto;
}

/// ONNX's rules for values do not expect an input without a type.
void give_types(const Node& node, Known& known) {
  for (const std::string& input : node.inputs) {
    if (!input.empty() && !known.type_pointers.contains(input)) {
      onnx::TypeProto unknown;
      unknown.mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
      set_type(known, input, std::move(unknown));
    }
  }
}

InputShapes input_shapes(const Node& node, const Known& known) {
  InputShapes shapes;
  for (const std::string& input : node.inputs) {
    const auto type = known.types.find(input);
    const bool is_known = type != known.types.end() && type->second.tensor_type().has_shape();
    shapes.push_back(is_known ? std::optional(to_shape(type->second.tensor_type().shape())) : std::nullopt);
  }
  return shapes;
}

/// The values of small integer tensors that shapes are computed with.
void propagate_values(onnx::NodeProto& proto, const onnx::OpSchema& schema, const InputShapes& inputs,
                      Known& known) {
  const auto has_values = [](const std::optional<Shape>& shape) {
    return shape.has_value() && checked_element_count(*shape).value_or(0) > 0;
  };
  if (!schema.has_data_propagation_function() || !std::all_of(inputs.begin(), inputs.end(), has_values)) {
    return;
  }
  onnx::shape_inference::DataPropagationContextImpl context(proto, known.type_pointers, known.tensor_pointers,
                                                            known.propagated);
  schema.GetDataPropagationFunction()(context);
  for (const std::string& output : proto.output()) {
    if (const auto found = known.propagated.find(output); found != known.propagated.end()) {
      for (onnx::TensorShapeProto::Dimension& value : *found->second.mutable_dim()) {
        if (value.has_dim_value()) {
          value.set_dim_value(clamp_for_rules(value.dim_value()));
        }
      }
    }
  }
}

/// Throws what ONNX's rules throw.
void apply_rule(const Network& network, const Node& node, Known& known) {
  const InputShapes inputs = input_shapes(node, known);
  const onnx::OpSchema* schema = find_schema(network, node);
  if (keeps_shape(node) && !inputs.empty() && inputs[0].has_value() && !node.outputs.empty()) {
    set_type(known, node.outputs[0], make_type(ElementType::float32, *inputs[0]));
    return;
  }
  if (schema == nullptr || !schema->has_type_and_shape_inference_function() || !is_rule_safe(node, inputs)) {
    return;
  }
  onnx::NodeProto proto = schema_node(network, node, *schema);
  schema->Verify(proto);
  give_types(node, known);
  onnx::shape_inference::InferenceContextImpl context(proto, known.type_pointers, known.tensor_pointers,
                                                      known.sparse_pointers, &known.propagated);
  schema->GetTypeAndShapeInferenceFunction()(context);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    onnx::TypeProto& type = context.allOutputTypes_[i];
    drop_implausible(type);
    set_type(known, node.outputs[i], std::move(type));
  }
  propagate_values(proto, *schema, inputs, known);
}

/// What shape arithmetic gives becomes a constant, of the type that the rules say.
void fold_values(const Node& node, Known& known) {
  const Fold fold = find_fold(node);
  if (fold == nullptr || node.outputs[0].empty()) {
    return;
  }
  FoldOperands operands{{}, input_shapes(node, known)};
  for (const std::string& input : node.inputs) {
    const auto value = known.values.find(input);
    operands.values.push_back(value == known.values.end() ? nullptr : &value->second);
  }
  const auto folded = fold(node, operands);
  if (!folded) {
    return;
  }
  Tensor tensor = to_tensor(*folded);
  const auto type = known.types.find(node.outputs[0]);
  const Storage* storage =
      type == known.types.end() ? nullptr : find_storage(type->second.tensor_type().elem_type());
  if (storage != nullptr && is_floating(storage->type) == is_floating(tensor.type)) {
    tensor.type = storage->type;
  }
  set_constant(known, node.outputs[0], tensor);
}

/// The first output as the first input.
void keep_shape(const Node& node, Known& known) {
  const auto type = node.inputs.empty() ? known.types.end() : known.types.find(node.inputs[0]);
  if (type != known.types.end() && !node.outputs.empty() && !known.types.contains(node.outputs[0])) {
    set_type(known, node.outputs[0], onnx::TypeProto(type->second));
  }
}

void visit(const Network& network, const Node& node, const Shapes& declared, Known& known) {
  try {
    if (node.domain.empty()) {
      apply_rule(network, node, known);
    }
  } catch (const std::exception&) {
    // What the rules cannot say stays unknown; a MAC layer that needs it says so.
  }
  fold_values(node, known);
  for (const std::string& output : node.outputs) {
    const auto found = known.types.find(output);
    const bool has_shape = found != known.types.end() && found->second.tensor_type().has_shape();
    if (const auto shape = declared.find(output); !has_shape && shape != declared.end()) {
      set_type(known, output, make_type(ElementType::float32, shape->second));
    }
  }
}

}  // namespace

Shapes trace_shapes(const Network& network, const Shapes& given, const Shapes& declared,
                    UnknownOperators unknown) {
  Known known;
  for (const auto& [name, shape] : given) {
    set_type(known, name, make_type(ElementType::float32, shape));
  }
  for (const Value& input : network.inputs) {
    const auto found = known.types.find(input.name);
    if (found != known.types.end()) {
      found->second.mutable_tensor_type()->set_elem_type(storage_of(input.type).onnx_type);
    }
  }
  for (const auto& [name, tensor] : network.constants) {
    set_constant(known, name, tensor);
  }
  for (const Node& node : network.nodes) {
    visit(network, node, declared, known);
    if (unknown == UnknownOperators::keep_shapes && !has_rule(network, node)) {
      keep_shape(node, known);
    }
  }
  Shapes shapes;
  for (const auto& [name, type] : known.types) {
    if (type.has_tensor_type() && type.tensor_type().has_shape()) {
      shapes.emplace(name, to_shape(type.tensor_type().shape()));
    }
  }
  return shapes;
}

}  // namespace mj
