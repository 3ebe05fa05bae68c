#include "network/dataflow.h"

#include <algorithm>
#include <array>

namespace mj {
namespace {

constexpr std::array<std::string_view, 11> fused_operators{
    "BatchNormalization", "Clip",  "Dropout", "HardSigmoid", "HardSwish", "Identity",
    "LeakyRelu",          "PRelu", "Relu",    "Sigmoid",     "Tanh"};

/// Exporters put one or two nodes between a weight and its use.
constexpr int longest_chain = 8;

/// A body's reads of outer values are not among the node's inputs.
bool has_body(const Node& node) {
  return node.op == "If" || node.op == "Loop" || node.op == "Scan";
}

bool has_output(const Node& node) {
  return !node.outputs.empty() && !node.outputs.front().empty();
}

bool is_fused(const Node& reader, std::string_view value) {
  return reader.domain.empty() && reader.inputs.front() == value && has_output(reader) &&
         std::find(fused_operators.begin(), fused_operators.end(), reader.op) != fused_operators.end();
}

bool is_matrix_transpose(const Node& node) {
  if (node.op != "Transpose" || !node.domain.empty() || node.inputs.size() != 1) {
    return false;
  }
  const auto* order = find_attribute<std::vector<int64_t>>(node, "perm");
  return order != nullptr && *order == std::vector<int64_t>{1, 0};
}

}  // namespace

bool is_dequantize(const Node& node) {
  return node.op == "DequantizeLinear" && node.domain.empty() && node.inputs.size() >= 2;
}

Dataflow trace_dataflow(const Network& network) {
  Dataflow flow;
  for (const Value& output : network.outputs) {
    flow.graph_outputs.insert(output.name);
  }
  for (const Value& input : network.inputs) {
    flow.from_data.insert(input.name);
  }
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    for (const std::string& output : node.outputs) {
      flow.producers.emplace(output, &node);
    }
    bool from_data = has_body(node);
    for (const std::string& input : node.inputs) {
      flow.readers[input].push_back(i);
      from_data = from_data || flow.from_data.contains(input);
    }
    if (from_data) {
      flow.from_data.insert(node.outputs.begin(), node.outputs.end());
    }
  }
  flow.from_data.erase("");
  flow.readers.erase("");
  flow.producers.erase("");
  return flow;
}

WeightSource find_weight_source(const Dataflow& flow, const std::string& value) {
  WeightSource source{value};
  for (int step = 0; step < longest_chain; ++step) {
    const auto producer = flow.producers.find(source.value);
    if (producer == flow.producers.end()) {
      break;
    }
    const Node& node = *producer->second;
    const bool transposes = is_matrix_transpose(node);
    if (is_dequantize(node)) {
      source.dequantize = &node;
    } else if (!transposes && (node.op != "Identity" || !node.domain.empty() || node.inputs.size() != 1)) {
      break;
    }
    source.value = node.inputs.front();
    source.is_transposed = source.is_transposed != transposes;
  }
  return source;
}

bool is_used(const Dataflow& flow, std::string_view value) {
  return flow.readers.contains(value) || flow.graph_outputs.contains(value);
}

const Node* single_reader(const Network& network, const Dataflow& flow, std::string_view value) {
  const auto readers = flow.readers.find(value);
  if (flow.graph_outputs.contains(value) || readers == flow.readers.end() || readers->second.size() != 1) {
    return nullptr;
  }
  return &network.nodes[readers->second.front()];
}

const Node* following_bias_add(const Network& network, const Dataflow& flow, const Node& node) {
  if (node.op != "MatMul" || node.outputs.empty()) {
    return nullptr;
  }
  const Node* reader = single_reader(network, flow, node.outputs.front());
  if (reader == nullptr || reader->op != "Add" || !reader->domain.empty() || reader->inputs.size() != 2 ||
      !has_output(*reader)) {
    return nullptr;
  }
  const std::string& other = reader->inputs[reader->inputs[0] == node.outputs.front() ? 1 : 0];
  return flow.from_data.contains(other) ? nullptr : reader;
}

std::string find_stored_output(const Network& network, const Dataflow& flow, const Node& node) {
  std::string stored = node.outputs.front();
  const Node* next = following_bias_add(network, flow, node);
  if (next != nullptr) {
    stored = next->outputs.front();
  }
  for (next = single_reader(network, flow, stored); next != nullptr && is_fused(*next, stored);
       next = single_reader(network, flow, stored)) {
    stored = next->outputs.front();
  }
  return stored;
}

}  // namespace mj
