#include "onnx/node_conversion.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "onnx/graph_order.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

using Proto = onnx::AttributeProto;

/// Models of IR version 1 do not say the type.
Proto::AttributeType type_of(const Proto& proto) {
  if (proto.type() != Proto::UNDEFINED) {
    return proto.type();
  }
  using Field = std::pair<bool, Proto::AttributeType>;
  const std::array<Field, 7> fields{Field{proto.has_f(), Proto::FLOAT},
                                    Field{proto.has_i(), Proto::INT},
                                    Field{proto.has_s(), Proto::STRING},
                                    Field{proto.has_t(), Proto::TENSOR},
                                    Field{proto.floats_size() > 0, Proto::FLOATS},
                                    Field{proto.ints_size() > 0, Proto::INTS},
                                    Field{proto.strings_size() > 0, Proto::STRINGS}};
  const auto found =
      std::find_if(fields.begin(), fields.end(), [](const Field& field) { return field.first; });
  return found == fields.end() ? Proto::UNDEFINED : found->second;
}

std::optional<Attribute> from_proto(const Proto& proto, const std::string& file, const std::string& place) {
  switch (type_of(proto)) {
    case Proto::FLOAT:
      return proto.f();
    case Proto::INT:
      return proto.i();
    case Proto::STRING:
      return proto.s();
    case Proto::TENSOR: {
      std::optional<Tensor> tensor =
          decode_tensor(proto.t(), file, place + ", attribute '" + proto.name() + "'");
      return tensor.has_value() ? std::optional<Attribute>(std::move(*tensor)) : std::nullopt;
    }
    case Proto::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case Proto::INTS:
      return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case Proto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    default:
      return std::nullopt;
  }
}

/// Sets the field and the type of an AttributeProto.
struct AttributeWriter {
  Proto& proto;

  void operator()(int64_t value) const {
    proto.set_type(Proto::INT);
    proto.set_i(value);
  }
  void operator()(float value) const {
    proto.set_type(Proto::FLOAT);
    proto.set_f(value);
  }
  void operator()(const std::string& value) const {
    proto.set_type(Proto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(Proto::INTS);
    proto.mutable_ints()->Assign(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    proto.set_type(Proto::FLOATS);
    proto.mutable_floats()->Assign(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) const {
    proto.set_type(Proto::STRINGS);
    proto.mutable_strings()->Assign(values.begin(), values.end());
  }
  void operator()(const Tensor& tensor) const {
    proto.set_type(Proto::TENSOR);
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
  for (const Proto& attribute : proto.attribute()) {
    std::optional<Attribute> value = from_proto(attribute, file, place_of(proto));
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
    Proto& attribute = *proto.add_attribute();
    attribute.set_name(name);
    std::visit(AttributeWriter{attribute}, value);
  }
  return proto;
}

const Proto* find_attribute(const onnx::NodeProto& proto, std::string_view name) {
  const auto found = std::find_if(proto.attribute().begin(), proto.attribute().end(),
                                  [&](const Proto& attribute) { return attribute.name() == name; });
  return found == proto.attribute().end() ? nullptr : &*found;
}

std::string normal_domain(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

}  // namespace mj
