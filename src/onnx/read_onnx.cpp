#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "onnx/constant_nodes.h"
#include "onnx/element_storage.h"
#include "onnx/external_data.h"
#include "onnx/graph_order.h"
#include "onnx/model_bytes.h"
#include "onnx/name_check.h"
#include "onnx/node_conversion.h"
#include "onnx/onnx_file.h"
#include "onnx/tensor_values.h"

namespace mj {
namespace {

/// A declared size of 0 is how some exporters write a free one.
Value declared_value(const onnx::ValueInfoProto& proto) {
  Value value{proto.name(), {}, ElementType::float32};
  if (!proto.type().has_tensor_type()) {
    return value;
  }
  const onnx::TypeProto::Tensor& tensor = proto.type().tensor_type();
  if (const Storage* storage = find_storage(tensor.elem_type()); storage != nullptr) {
    value.type = storage->type;
  }
  for (const auto& dimension : tensor.shape().dim()) {
    value.shape.push_back(dimension.dim_value() > 0 ? dimension.dim_value() : -1);
  }
  return value;
}

int64_t default_opset(const onnx::ModelProto& model, const std::string& file) {
  for (const onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (normal_domain(set.domain()).empty()) {
      if (set.version() < 1) {
        throw InputError(file, "", "names operator set " + std::to_string(set.version()),
                         "must be 1 or more");
      }
      return set.version();
    }
  }
  return 1;
}

/// Moves values from the model into the network.
void take_initializers(onnx::GraphProto& graph, Network& network) {
  for (onnx::TensorProto& proto : *graph.mutable_initializer()) {
    const std::string place = "initializer '" + proto.name() + "'";
    std::optional<Tensor> tensor = decode_tensor(proto, network.file, place);
    if (tensor.has_value()) {
      network.constants.emplace(proto.name(), std::move(*tensor));
      clear_values(proto);
    } else {
      network.shapes.emplace(proto.name(), tensor_shape(proto, network.file, place));
    }
  }
  for (const onnx::SparseTensorProto& proto : graph.sparse_initializer()) {
    network.shapes.emplace(proto.values().name(), Shape(proto.dims().begin(), proto.dims().end()));
  }
}

void take_nodes(onnx::GraphProto& graph, Network& network) {
  for (onnx::NodeProto& proto : *graph.mutable_node()) {
    std::optional<Tensor> constant = decode_constant_node(proto, network.file);
    if (constant.has_value()) {
      network.constants.emplace(proto.output(0), std::move(*constant));
      clear_constant_node(proto);
    } else {
      network.nodes.push_back(from_proto(proto, network.file));
    }
  }
}

/// Whether the operand is one of an operator's parameters: what a file without its weights leaves to be
/// given.
bool is_parameter_operand(const Node& node, std::size_t operand, std::size_t rank) {
  const std::string_view op = node.op;
  if (op == "Conv" || op == "ConvTranspose" || op == "Gemm" || op == "BatchNormalization" ||
      op == "InstanceNormalization" || op == "LayerNormalization" || op == "PRelu") {
    return operand > 0;
  }
  if (op == "MatMul") {
    return operand == 1 && rank == 2;
  }
  return (op == "Add" || op == "Mul") && rank <= 1;
}

/// Those of `candidates` that nodes read as parameters alone.
std::unordered_set<std::string> find_parameters(const std::vector<Value>& candidates,
                                                const Network& network) {
  std::unordered_map<std::string_view, std::size_t> ranks;
  for (const Value& value : candidates) {
    ranks.emplace(value.name, value.shape.size());
  }
  std::unordered_set<std::string> parameters;
  std::unordered_set<std::string> others;
  for (const Node& node : network.nodes) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (const auto rank = ranks.find(node.inputs[i]); rank != ranks.end()) {
        const bool as_parameter = node.domain.empty() && is_parameter_operand(node, i, rank->second);
        (as_parameter ? parameters : others).insert(node.inputs[i]);
      }
    }
  }
  std::erase_if(parameters, [&](const std::string& name) { return others.contains(name); });
  return parameters;
}

void take_inputs_and_outputs(const onnx::GraphProto& graph, Network& network) {
  std::unordered_set<std::string_view> initializers;
  for (const onnx::TensorProto& proto : graph.initializer()) {
    initializers.insert(proto.name());
  }
  for (const onnx::SparseTensorProto& proto : graph.sparse_initializer()) {
    initializers.insert(proto.values().name());
  }
  for (const onnx::ValueInfoProto& proto : graph.input()) {
    if (!initializers.contains(proto.name())) {
      network.inputs.push_back(declared_value(proto));
    }
  }
  const std::unordered_set<std::string> parameters = find_parameters(network.inputs, network);
  for (const Value& input : network.inputs) {
    if (parameters.contains(input.name)) {
      network.shapes.emplace(input.name, input.shape);
    }
  }
  std::erase_if(network.inputs, [&](const Value& input) { return parameters.contains(input.name); });
  for (const onnx::ValueInfoProto& proto : graph.output()) {
    network.outputs.push_back(declared_value(proto));
  }
}

}  // namespace

Network read_onnx(const std::filesystem::path& file) {
  onnx::ModelProto model = parse_model(file);
  onnx::GraphProto& graph = *model.mutable_graph();
  Network network;
  network.file = file.string();
  check_names(graph, network.file);
  network.name = graph.name().empty() ? file.stem().string() : graph.name();
  network.opset = default_opset(model, network.file);
  for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
    network.metadata.emplace(entry.key(), entry.value());
  }
  check_and_sort(graph, network.file);
  embed_external_data(model, file);
  take_initializers(graph, network);
  take_nodes(graph, network);
  take_inputs_and_outputs(graph, network);
  network.envelope = serialize(model, network.file);
  infer_shapes(network);
  return network;
}

}  // namespace mj
