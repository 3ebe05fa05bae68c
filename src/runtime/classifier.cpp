#include "runtime/classifier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace mj {
namespace {

const Node* find_producer(const Network& network, std::string_view value) {
  const auto produces = [&](const Node& node) { return !node.outputs.empty() && node.outputs[0] == value; };
  const auto found = std::find_if(network.nodes.begin(), network.nodes.end(), produces);
  return found == network.nodes.end() ? nullptr : &*found;
}

bool only_reshapes(const Node& node) {
  constexpr std::array<std::string_view, 7> ops{"Identity",  "Flatten", "Reshape", "Squeeze",
                                                "Unsqueeze", "Dropout", "Cast"};
  return std::find(ops.begin(), ops.end(), node.op) != ops.end();
}

}  // namespace

std::string find_logits(const Network& network) {
  const std::string& output = network.outputs.at(0).name;
  std::string_view value = output;
  // A chain cannot be longer than the graph.
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node* producer = find_producer(network, value);
    if (producer == nullptr || producer->inputs.empty()) {
      return output;
    }
    if (producer->op == "Softmax" || producer->op == "LogSoftmax") {
      return producer->inputs[0];
    }
    if (!only_reshapes(*producer)) {
      return output;
    }
    value = producer->inputs[0];
  }
  return output;
}

std::size_t rank_of_label(std::span<const float> scores, std::size_t label) {
  const float own = scores[label];
  if (std::isnan(own)) {
    return scores.size();
  }
  std::size_t rank = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    rank += static_cast<std::size_t>(scores[i] > own || (scores[i] == own && i < label));
  }
  return rank;
}

}  // namespace mj
