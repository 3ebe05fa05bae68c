#include "onnx/computed_constants.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "network/dataflow.h"
#include "onnx/declare_value.h"
#include "onnx/element_storage.h"
#include "onnx/model_bytes.h"
#include "onnx/onnx_file.h"

namespace mj {
namespace {

/// From which on initializers need not be graph inputs as well.
constexpr int64_t ir_of_initializers_alone = 4;

bool is_computed(const Dataflow& flow, std::string_view value) {
  return flow.producers.contains(value) && !flow.from_data.contains(value);
}

/// The type of what a node makes of its first operand; nullopt where there is none or values are filled in.
std::optional<ElementType> type_of(const Network& network, const Dataflow& flow, std::string_view value) {
  while (true) {
    if (const auto constant = network.constants.find(value); constant != network.constants.end()) {
      return constant->second.type;
    }
    const auto producer = flow.producers.find(value);
    if (producer == flow.producers.end() || producer->second->op == "ConstantOfShape" ||
        producer->second->inputs.empty()) {
      return std::nullopt;
    }
    const Node& node = *producer->second;
    if (const auto* to = find_attribute<int64_t>(node, "to"); node.op == "Cast" && to != nullptr) {
      const Storage* storage = find_storage(static_cast<int32_t>(*to));
      return storage == nullptr ? std::nullopt : std::optional(storage->type);
    }
    value = node.inputs.front();
  }
}

/// Nodes that a value is computed by; false where it needs more than constants.
bool add_nodes_before(const Network& network, const Dataflow& flow, std::string_view value,
                      std::set<const Node*>& nodes) {
  std::vector<std::string_view> open{value};
  while (!open.empty()) {
    const std::string_view next = open.back();
    open.pop_back();
    if (next.empty() || network.constants.contains(next)) {
      continue;
    }
    const auto producer = flow.producers.find(next);
    if (producer == flow.producers.end()) {
      return false;
    }
    if (nodes.insert(producer->second).second) {
      open.insert(open.end(), producer->second->inputs.begin(), producer->second->inputs.end());
    }
  }
  return true;
}

bool lacks_weights(const Network& network, const Dataflow& flow) {
  return std::any_of(network.layers.begin(), network.layers.end(), [&](const MacLayer& layer) {
    return layer.layout != WeightLayout::none && is_computed(flow, layer.weights);
  });
}

/// Of nodes that compute on images. A constant behind an Identity or Transpose is found where it is.
std::vector<std::string> computed_operands(const Network& network, const Dataflow& flow) {
  std::vector<std::string> operands;
  std::set<std::string_view> seen;
  for (const Node& node : network.nodes) {
    if (node.outputs.empty() || !flow.from_data.contains(node.outputs.front())) {
      continue;
    }
    for (const std::string& input : node.inputs) {
      if (is_computed(flow, input) && seen.insert(input).second &&
          !network.constants.contains(find_weight_source(flow, input).value)) {
        operands.push_back(input);
      }
    }
  }
  return operands;
}

/// Outputs of nodes that are no longer needed, and constants that they alone read.
struct Unneeded {
  std::set<std::string, std::less<>> values;
  std::set<std::string, std::less<>> constants;
};

Unneeded find_unneeded(const Network& network, const std::map<std::string, Tensor>& values) {
  const Dataflow flow = trace_dataflow(network);
  std::set<std::string_view> needed(flow.graph_outputs.begin(), flow.graph_outputs.end());
  Unneeded unneeded;
  std::vector<const Node*> gone;
  std::for_each(network.nodes.rbegin(), network.nodes.rend(), [&](const Node& node) {
    const bool stays = std::any_of(node.outputs.begin(), node.outputs.end(), [&](const std::string& output) {
      return flow.from_data.contains(output) || (needed.contains(output) && !values.contains(output));
    });
    if (stays) {
      needed.insert(node.inputs.begin(), node.inputs.end());
    } else {
      gone.push_back(&node);
    }
  });
  for (const Node* node : gone) {
    unneeded.values.insert(node->outputs.begin(), node->outputs.end());
    for (const std::string& input : node->inputs) {
      if (network.constants.contains(input) && !needed.contains(input)) {
        unneeded.constants.insert(input);
      }
    }
  }
  unneeded.values.erase("");
  return unneeded;
}

template <class Protos, class IsGone>
void erase_protos(Protos& protos, IsGone is_gone) {
  protos.erase(std::remove_if(protos.begin(), protos.end(), is_gone), protos.end());
}

void replace_in_graph(const Unneeded& unneeded, const std::map<std::string, Tensor>& values, bool with_inputs,
                      onnx::GraphProto& graph) {
  erase_protos(*graph.mutable_node(), [&](const onnx::NodeProto& node) {
    return std::any_of(node.output().begin(), node.output().end(), [&](const std::string& output) {
      return unneeded.values.contains(output) || unneeded.constants.contains(output);
    });
  });
  const auto is_unneeded = [&](const auto& proto) { return unneeded.constants.contains(proto.name()); };
  erase_protos(*graph.mutable_initializer(), is_unneeded);
  erase_protos(*graph.mutable_input(), is_unneeded);
  for (const auto& [name, tensor] : values) {
    onnx::TensorProto& proto = *graph.add_initializer();
    proto.set_name(name);
    proto.mutable_dims()->Assign(tensor.shape.begin(), tensor.shape.end());
    proto.set_raw_data(std::string());
    if (with_inputs) {
      declare_value(name, tensor.type, tensor.shape, *graph.add_input());
    }
  }
}

}  // namespace

Network computed_constants(const Network& network) {
  const Dataflow flow = trace_dataflow(network);
  Network part;
  part.name = network.name;
  part.file = network.file;
  part.opset = network.opset;
  if (!lacks_weights(network, flow)) {
    return part;
  }
  std::set<const Node*> nodes;
  std::set<std::string_view> given;
  for (const std::string& operand : computed_operands(network, flow)) {
    const auto type = type_of(network, flow, operand);
    std::set<const Node*> before;
    if (!type || !is_floating(*type) || !add_nodes_before(network, flow, operand, before)) {
      continue;
    }
    nodes.merge(before);
    // All that the node gives, since it goes.
    for (const std::string& output : flow.producers.at(operand)->outputs) {
      if (is_used(flow, output) && given.insert(output).second) {
        part.outputs.push_back({output, {}, *type});
      }
    }
  }
  for (const Node& node : network.nodes) {
    if (!nodes.contains(&node)) {
      continue;
    }
    part.nodes.push_back(node);
    for (const std::string& input : node.inputs) {
      if (const auto constant = network.constants.find(input); constant != network.constants.end()) {
        part.constants.insert(*constant);
      }
    }
  }
  return part;
}

void replace_by_constants(Network& network, std::map<std::string, Tensor> values) {
  const Unneeded unneeded = find_unneeded(network, values);
  std::erase_if(network.nodes, [&](const Node& node) {
    return std::any_of(node.outputs.begin(), node.outputs.end(),
                       [&](const std::string& output) { return unneeded.values.contains(output); });
  });
  std::erase_if(network.constants,
                [&](const auto& entry) { return unneeded.constants.contains(entry.first); });
  std::erase_if(network.shapes, [&](const auto& entry) { return unneeded.values.contains(entry.first); });
  if (!network.envelope.empty()) {
    onnx::ModelProto model = parse_envelope(network.envelope);
    replace_in_graph(unneeded, values, model.ir_version() < ir_of_initializers_alone, *model.mutable_graph());
    network.envelope = serialize(model, network.file);
  }
  network.constants.merge(std::move(values));
  infer_shapes(network);
}

}  // namespace mj
