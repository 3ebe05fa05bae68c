#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "network/network.h"

namespace mj {

/// Who reads and what feeds the values of a graph. Refers to the network's own strings, which must stay.
struct Dataflow {
  std::unordered_map<std::string_view, std::vector<std::size_t>> readers;  ///< nodes, once for each operand
  std::unordered_map<std::string_view, const Node*> producers;
  std::unordered_set<std::string_view> graph_outputs;
  std::unordered_set<std::string_view> from_data;  ///< values that depend on a data input
};

Dataflow trace_dataflow(const Network& network);

/// Whether a node reads it or the graph gives it.
bool is_used(const Dataflow& flow, std::string_view value);

/// The one node that reads `value`; nullptr where there are none or several, or it is a graph output.
const Node* single_reader(const Network& network, const Dataflow& flow, std::string_view value);

/// The value that is stored when the node's output goes straight through batch norm, activation function and,
/// behind a MatMul, the addition of a bias: each reads the one before alone.
std::string find_stored_output(const Network& network, const Dataflow& flow, const Node& node);

/// A weight tensor behind the Identity, Transpose and DequantizeLinear nodes that some exporters put before
/// its use.
struct WeightSource {
  std::string value;
  bool is_transposed = false;  ///< an odd number of times, as a matrix
  const Node* dequantize = nullptr;
};

bool is_dequantize(const Node& node);

WeightSource find_weight_source(const Dataflow& flow, const std::string& value);

/// The Add of a constant that directly follows a MatMul; nullptr where there is none.
const Node* following_bias_add(const Network& network, const Dataflow& flow, const Node& node);

}  // namespace mj
