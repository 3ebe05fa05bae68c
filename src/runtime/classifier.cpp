#include "runtime/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <string_view>

#include "base/error.h"

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

/// Of a value with channels: its rows times its columns. 1 of one row an image, 0 where the shape is unknown.
int64_t places(const Network& network, const std::string& value) {
  const Shape* shape = find_shape(network, value);
  if (shape == nullptr || shape->size() < 2) {
    return 0;
  }
  return std::accumulate(shape->begin() + 2, shape->end(), int64_t{1}, std::multiplies<>());
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

std::string find_feature_maps(const Network& network) {
  for (auto node = network.nodes.rbegin(); node != network.nodes.rend(); ++node) {
    if (node->inputs.empty() || node->outputs.empty() || network.constants.contains(node->inputs[0])) {
      continue;
    }
    const bool is_input = std::any_of(network.inputs.begin(), network.inputs.end(),
                                      [&](const auto& input) { return input.name == node->inputs[0]; });
    if (!is_input && places(network, node->inputs[0]) > 1 && places(network, node->outputs[0]) == 1) {
      return node->inputs[0];
    }
  }
  return {};
}

int64_t class_count(const Network& network) {
  const Shape* shape = find_shape(network, network.outputs.at(0).name);
  return shape == nullptr ? 0 : element_count(*shape);
}

void check_labelled(const Network& network, const NetworkInputs& inputs, const std::string& dataset) {
  if (inputs.labels.empty()) {
    throw InputError(dataset, "", "has no labels, so that no accuracy can be measured on it",
                     "give labelled images");
  }
  const int64_t classes = class_count(network);
  const int largest = *std::max_element(inputs.labels.begin(), inputs.labels.end());
  if (classes > 0 && largest >= classes) {
    throw InputError(dataset, "",
                     fmt::format("has an image with the label {}, but {} tells {} classes apart", largest,
                                 network.file, classes),
                     "labels must be below the number of classes");
  }
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
