#include "runtime/torch/trainable_constants.h"

namespace mj {

TrainableConstants::TrainableConstants(Model& model) : graph_(model.graph) {
  for (const MacLayer& layer : model.network.layers) {
    add(layer.weights, true);
    add(layer.bias, false);
  }
  for (const Node& node : model.network.nodes) {
    if (node.op == "BatchNormalization") {
      add(node.inputs.at(1), false);
      add(node.inputs.at(2), false);
    }
  }
}

TrainableConstants::~TrainableConstants() {
  for (const Slot slot : slots_) {
    graph_.constants[slot] = graph_.constants[slot].detach();
  }
}

void TrainableConstants::add(const std::string& name, bool holds_zeros) {
  const auto found = graph_.slots.find(name);
  if (found == graph_.slots.end() || !graph_.constants[found->second].defined() ||
      !slots_.insert(found->second).second) {
    return;
  }
  at::Tensor& constant = graph_.constants[found->second];
  constant = constant.detach().requires_grad_(true);
  parameters_.push_back(make_parameter(constant, holds_zeros));
}

}  // namespace mj
