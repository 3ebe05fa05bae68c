#include "workflow/followers.h"

#include <algorithm>
#include <cmath>

#include "network/dataflow.h"

namespace mj {
namespace {

const std::vector<float>* constant(const Network& network, const std::string& name) {
  const auto found = network.constants.find(name);
  return found == network.constants.end() ? nullptr : &found->second.floats;
}

/// What an inference batch norm multiplies each channel by; empty where that is not constant.
std::vector<double> scale_of(const Network& network, const Node& norm) {
  if (norm.inputs.size() != 5) {
    return {};
  }
  const std::vector<float>* gains = constant(network, norm.inputs[1]);
  const std::vector<float>* variances = constant(network, norm.inputs[4]);
  if (gains == nullptr || variances == nullptr || gains->size() != variances->size()) {
    return {};
  }
  const float* given = find_attribute<float>(norm, "epsilon");
  const double epsilon = given == nullptr ? 1e-5 : *given;
  std::vector<double> scale;
  for (std::size_t i = 0; i < gains->size(); ++i) {
    scale.push_back((*gains)[i] / std::sqrt((*variances)[i] + epsilon));
  }
  return scale;
}

bool stands_before(const Network& network, const std::string& value, std::size_t node) {
  const auto gives = [&](const Node& each) {
    return std::find(each.outputs.begin(), each.outputs.end(), value) != each.outputs.end();
  };
  return std::any_of(network.nodes.begin(), network.nodes.begin() + static_cast<std::ptrdiff_t>(node), gives);
}

}  // namespace

std::string batch_norm_mean_of(const Network& network, const std::string& value) {
  const Dataflow flow = trace_dataflow(network);
  const Node* reader = single_reader(network, flow, value);
  const bool is_norm = reader != nullptr && reader->op == "BatchNormalization" &&
                       reader->inputs.size() == 5 && reader->inputs[0] == value;
  return is_norm && network.constants.contains(reader->inputs[3]) &&
                 single_reader(network, flow, reader->inputs[3]) != nullptr
             ? reader->inputs[3]
             : std::string();
}

std::optional<Addition> addition_behind(const Network& network, std::size_t layer) {
  const MacLayer& mac = network.layers[layer];
  Addition addition{{}, std::vector<double>(static_cast<std::size_t>(mac.shape.groups * mac.shape.k), 1)};
  std::string value = mac.output;
  const Dataflow flow = trace_dataflow(network);
  const Node* reader = single_reader(network, flow, value);
  if (reader != nullptr && reader->op == "BatchNormalization" && reader->inputs[0] == value) {
    addition.scale = scale_of(network, *reader);
    value = reader->outputs[0];
    reader = single_reader(network, flow, value);
  }
  const bool is_sum = reader != nullptr && reader->op == "Sum" && reader->inputs.size() == 2;
  if (reader == nullptr || (reader->op != "Add" && !is_sum)) {
    return std::nullopt;
  }
  addition.addend = reader->inputs[0] == value ? reader->inputs[1] : reader->inputs[0];
  const Shape* shape = find_shape(network, mac.output);
  const Shape* other = find_shape(network, addition.addend);
  const bool fits = shape != nullptr && other != nullptr && *shape == *other &&
                    addition.scale.size() == static_cast<std::size_t>(mac.shape.groups * mac.shape.k);
  return fits && stands_before(network, addition.addend, mac.node) ? std::optional(addition) : std::nullopt;
}

}  // namespace mj
