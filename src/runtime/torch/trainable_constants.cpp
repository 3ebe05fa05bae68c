#include "runtime/torch/trainable_constants.h"

#include "base/error.h"

namespace mj {

TrainableConstants::TrainableConstants(Model& model, std::vector<std::vector<float>>& moments)
    : graph_(model.graph) {
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
  attach(moments);
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

void TrainableConstants::attach(std::vector<std::vector<float>>& moments) {
  if (moments.empty()) {
    for (const Parameter& parameter : parameters_) {
      moments.insert(moments.end(), 2,
                     std::vector<float>(static_cast<std::size_t>(parameter.values.numel())));
    }
  }
  ensure(moments.size() == 2 * parameters_.size(), "moments come from training the same graph");
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const at::Tensor& values = parameters_[i / 2].values;
    ensure(static_cast<int64_t>(moments[i].size()) == values.numel(), "a moment has its constant's size");
    (i % 2 == 0 ? parameters_[i / 2].first_moment : parameters_[i / 2].second_moment) =
        at::from_blob(moments[i].data(), values.sizes(), at::kFloat);
  }
}

}  // namespace mj
