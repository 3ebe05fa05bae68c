#include "onnx/node_conversion.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "onnx/graph_order.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

using onnx::AttributeProto;

/// Models of IR version 1 do not say the type.
AttributeProto::AttributeType type_of(const AttributeProto& proto) {
  if (proto.type() != AttributeProto::UNDEFINED) {
    return proto.type();
  }
  using Field = std::pair<bool, AttributeProto::AttributeType>;
  const std::array<Field, 7> fields{Field{proto.has_f(), AttributeProto::FLOAT},
                                    Field{proto.has_i(), AttributeProto::INT},
                                    Field{proto.has_s(), AttributeProto::STRING},
                                    Field{proto.has_t(), AttributeProto::TENSOR},
                                    Field{proto.floats_size() > 0, AttributeProto::FLOATS},
                                    Field{proto.ints_size() > 0, AttributeProto::INTS},
                                    Field{proto.strings_size() > 0, AttributeProto::STRINGS}};
  const auto found =
      std::find_if(fields.begin(), fields.end(), [](const Field& field) { return field.first; });
  return found == fields.end() ? AttributeProto::UNDEFINED : found->second;
}

std::optional<Attribute> decode_attribute(const AttributeProto& proto, const std::string& file,
                                          const std::string& place) {
  switch (type_of(proto)) {
    case AttributeProto::FLOAT:
      return proto.f();
    case AttributeProto::INT:
      return proto.i();
    case AttributeProto::STRING:
      return proto.s();
    case AttributeProto::TENSOR: {
      std::optional<Tensor> tensor =
          decode_tensor(proto.t(), file, place + ", attribute '" + proto.name() + "'");
      return tensor.has_value() ? std::optional<Attribute>(std::move(*tensor)) : std::nullopt;
    }
    case AttributeProto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case AttributeProto::INTS:
      return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case AttributeProto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    default:
      return std::nullopt;
  }
}

/// Sets the field and the type of an AttributeProto.
struct AttributeWriter {
  AttributeProto& proto;

  void operator()(int64_t value) const {
    proto.set_type(AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(AttributeProto::INTS);
    proto.mutable_ints()->Assign(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(AttributeProto::FLOATS);
    proto.mutable_floats()->Assign(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) const {
    proto.set_type(AttributeProto::STRINGS);
    proto.mutable_strings()->Assign(values.begin(), values.end());
  }
  void operator()(const Tensor& tensor) const {
    proto.set_type(AttributeProto::TENSOR);
    proto.mutable_t()->set_raw_data(std::string());
    encode_tensor(tensor, *proto.mutable_t());
  }
};

}  // namespace

Node from_proto(const onnx::NodeProto& proto, const std::string& file) {
  Node node;
  node.name = proto.name();
  node.op = proto.op_type();
  node.domain = normal_domain(proto.domain());
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (const AttributeProto& attribute : proto.attribute()) {
    std::optional<Attribute> value = decode_attribute(attribute, file, place_of(proto));
    if (value.has_value()) {
      node.attributes.emplace(attribute.name(), std::move(*value));
    }
  }
  return node;
}

onnx::NodeProto to_proto(const Node& node) {
  onnx::NodeProto proto;
  proto.set_op_type(node.op);
  if (!node.name.empty()) {
    proto.set_name(node.name);
  }
  if (!node.domain.empty()) {
    proto.set_domain(node.domain);
  }
  proto.mutable_input()->Assign(node.inputs.begin(), node.inputs.end());
  proto.mutable_output()->Assign(node.outputs.begin(), node.outputs.end());
  for (const auto& [name, value] : node.attributes) {
    AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(name);
    std::visit(AttributeWriter{attribute}, value);
  }
  return proto;
}

const AttributeProto* find_attribute(const onnx::NodeProto& proto, std::string_view name) {
  const auto found = std::find_if(proto.attribute().begin(), proto.attribute().end(),
                                  [&](const AttributeProto& attribute) { return attribute.name() == name; });
  return found == proto.attribute().end() ? nullptr : &*found;
}

std::string normal_domain(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

}  // namespace mj
