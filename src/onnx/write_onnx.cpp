#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/files.h"
#include "onnx/constant_nodes.h"
#include "onnx/declare_value.h"
#include "onnx/model_bytes.h"
#include "onnx/node_conversion.h"
#include "onnx/onnx_file.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

bool has_shape(const onnx::TensorProto& proto, const Shape& shape) {
  return std::equal(proto.dims().begin(), proto.dims().end(), shape.begin(), shape.end());
}

/// Values of another shape than before make what was declared of shapes wrong.
void declare_again(const Network& network, onnx::GraphProto& graph) {
  graph.clear_value_info();
  for (onnx::ValueInfoProto& input : *graph.mutable_input()) {
    const auto constant = network.constants.find(input.name());
    if (constant != network.constants.end()) {
      set_shape(constant->second.shape, *input.mutable_type()->mutable_tensor_type()->mutable_shape());
    }
  }
}

void restore_constants(const Network& network, onnx::GraphProto& graph) {
  std::size_t restored = 0;
  bool is_reshaped = false;
  for (onnx::TensorProto& proto : *graph.mutable_initializer()) {
    const auto constant = network.constants.find(proto.name());
    if (constant != network.constants.end()) {
      is_reshaped = is_reshaped || !has_shape(proto, constant->second.shape);
      encode_tensor(constant->second, proto);
      ++restored;
    }
  }
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    const auto constant =
        node.op_type() == "Constant" ? network.constants.find(node.output(0)) : network.constants.end();
    if (constant != network.constants.end()) {
      is_reshaped = is_reshaped ||
                    (node.attribute(0).has_t() && !has_shape(node.attribute(0).t(), constant->second.shape));
      encode_constant_node(constant->second, node);
      ++restored;
    }
  }
  ensure(restored == network.constants.size(), "a constant has no place in the model that it was read from");
  if (is_reshaped) {
    declare_again(network, graph);
  }
}

/// Of convolutions, where channels went from a depthwise one.
void restore_groups(const Network& network, onnx::GraphProto& graph) {
  std::map<std::string_view, int64_t> groups;
  for (const Node& node : network.nodes) {
    const auto* group = find_attribute<int64_t>(node, "group");
    if (node.op == "Conv" && group != nullptr) {
      groups.emplace(node.outputs.front(), *group);
    }
  }
  for (onnx::NodeProto& node : *graph.mutable_node()) {
    const auto found = node.op_type() == "Conv" ? groups.find(node.output(0)) : groups.end();
    if (found == groups.end()) {
      continue;
    }
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.name() == "group") {
        attribute.set_i(found->second);
      }
    }
  }
}

/// Values that nodes read and nothing gives: weights that are not there.
void declare_missing(const Network& network, onnx::GraphProto& graph) {
  std::unordered_set<std::string_view> given{""};
  for (const Value& input : network.inputs) {
    given.insert(input.name);
  }
  for (const Node& node : network.nodes) {
    given.insert(node.outputs.begin(), node.outputs.end());
  }
  for (const Node& node : network.nodes) {
    for (const std::string& input : node.inputs) {
      if (!network.constants.contains(input) && given.insert(input).second) {
        const Shape* shape = find_shape(network, input);
        declare_value(input, ElementType::float32, shape == nullptr ? Shape() : *shape, *graph.add_input());
      }
    }
  }
}

onnx::ModelProto new_model(const Network& network) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.set_producer_name("millijoule");
  model.add_opset_import()->set_version(network.opset);
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name(network.name.empty() ? "network" : network.name);
  for (const Value& input : network.inputs) {
    declare_value(input.name, input.type, input.shape, *graph.add_input());
  }
  declare_missing(network, graph);
  for (const Value& output : network.outputs) {
    const Shape* inferred = output.shape.empty() ? find_shape(network, output.name) : nullptr;
    declare_value(output.name, output.type, inferred == nullptr ? output.shape : *inferred,
                  *graph.add_output());
  }
  std::set<std::string> domains{""};
  for (const Node& node : network.nodes) {
    *graph.add_node() = to_proto(node);
    if (domains.insert(node.domain).second) {
      onnx::OperatorSetIdProto& set = *model.add_opset_import();
      set.set_domain(node.domain);
      set.set_version(1);
    }
  }
  for (const auto& [name, tensor] : network.constants) {
    onnx::TensorProto& proto = *graph.add_initializer();
    proto.set_name(name);
    proto.set_raw_data(std::string());
    encode_tensor(tensor, proto);
  }
  return model;
}

}  // namespace

std::string onnx_bytes(const Network& network) {
  onnx::ModelProto model = network.envelope.empty() ? new_model(network) : parse_envelope(network.envelope);
  if (!network.envelope.empty()) {
    restore_constants(network, *model.mutable_graph());
    restore_groups(network, *model.mutable_graph());
  }
  model.clear_metadata_props();
  for (const auto& [key, value] : network.metadata) {
    onnx::StringStringEntryProto& entry = *model.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return serialize(model, network.file);
}

void write_onnx(const Network& network, const std::filesystem::path& file) {
  write_file_atomically(file, onnx_bytes(network));
}

}  // namespace mj
