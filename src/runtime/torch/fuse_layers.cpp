#include "runtime/torch/fuse_layers.h"

#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "runtime/torch/prepacked_convolution.h"

namespace mj {
namespace {

/// Filters and bias of a convolution with what is fused to it.
struct Convolution {
  at::Tensor weights;
  at::Tensor bias;  ///< may be undefined
  bool rectify = false;
};

class Fusion {
 public:
  Fusion(const Model& model, const Plan& plan) : model_(model), plan_(plan), readers_(plan.wanted.size()) {
    for (const Step& step : plan.steps) {
      for (const Slot slot : step.inputs) {
        if (slot != no_slot) {
          ++readers_[slot];
        }
      }
    }
  }

  std::vector<Step> run() {
    for (const MacLayer& layer : model_.network.layers) {
      fuse(layer);
    }
    std::vector<Step> steps;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      if (!absorbed_.contains(i)) {
        const auto fused = fused_.find(i);
        steps.push_back(fused == fused_.end() ? plan_.steps[i] : fused->second);
      }
    }
    return steps;
  }

 private:
  const Node& node_of(const Step& step) const { return model_.network.nodes[step.node]; }

  at::Tensor constant(Slot slot) const {
    return slot == no_slot ? at::Tensor() : model_.graph.constants[slot];
  }

  /// The step that alone reads the first output of `step`; the number of steps where there is none.
  std::size_t only_reader(std::size_t step) const {
    const Slot value = plan_.steps[step].outputs[0];
    if (plan_.wanted[value] || readers_[value] != 1) {
      return plan_.steps.size();
    }
    const auto reads = [&](const Step& other) {
      return !other.inputs.empty() && other.inputs[0] == value && other.outputs.size() == 1;
    };
    const auto found = std::find_if(plan_.steps.begin(), plan_.steps.end(), reads);
    return static_cast<std::size_t>(found - plan_.steps.begin());
  }

  bool is(std::size_t step, std::string_view op) const {
    return step < plan_.steps.size() && node_of(plan_.steps[step]).op == op;
  }

  /// Folds a batch norm with constant parameters into filters and bias.
  bool fold_batch_norm(const Step& step, Convolution& convolution) const {
    const Node& node = node_of(step);
    const int64_t* trains = find_attribute<int64_t>(node, "training_mode");
    const int64_t* spatial = find_attribute<int64_t>(node, "spatial");
    if (step.inputs.size() != 5 || (trains != nullptr && *trains != 0) ||
        (spatial != nullptr && *spatial == 0)) {
      return false;
    }
    at::Tensor parameters[4];
    for (std::size_t i = 0; i < 4; ++i) {
      parameters[i] = constant(step.inputs[i + 1]);
      if (!parameters[i].defined() || parameters[i].numel() != convolution.weights.size(0)) {
        return false;
      }
      parameters[i] = parameters[i].to(at::kDouble);
    }
    const float* epsilon = find_attribute<float>(node, "epsilon");
    const auto scale = parameters[0] / (parameters[3] + (epsilon == nullptr ? 1e-5F : *epsilon)).sqrt();
    const auto shift = parameters[1] - parameters[2] * scale;
    convolution.weights = (convolution.weights.to(at::kDouble) * scale.reshape({-1, 1, 1, 1})).to(at::kFloat);
    convolution.bias = (convolution.bias.defined() ? shift + convolution.bias * scale : shift).to(at::kFloat);
    return true;
  }

  void fuse(const MacLayer& layer) {
    const auto gives = [&](const Step& step) {
      const Node& node = node_of(step);
      return node.op == "Conv" && node.outputs.at(0) == layer.output;
    };
    const auto found = std::find_if(plan_.steps.begin(), plan_.steps.end(), gives);
    if (layer.op != "Conv" || found == plan_.steps.end()) {
      return;
    }
    Convolution convolution{constant(found->inputs[1]),
                            found->inputs.size() > 2 ? constant(found->inputs[2]) : at::Tensor()};
    const bool has_bias = found->inputs.size() > 2 && found->inputs[2] != no_slot;
    if (!convolution.weights.defined() || convolution.weights.dim() != 4 ||
        convolution.bias.defined() != has_bias) {
      return;
    }
    const auto first = static_cast<std::size_t>(found - plan_.steps.begin());
    std::vector<std::size_t> chain{first};
    if (const auto next = only_reader(chain.back());
        is(next, "BatchNormalization") && fold_batch_norm(plan_.steps[next], convolution)) {
      chain.push_back(next);
    }
    if (const auto next = only_reader(chain.back()); is(next, "Relu")) {
      convolution.rectify = true;
      chain.push_back(next);
    }
    auto kernel = prepack_convolution(layer.shape, model_.pass_size, convolution.weights, convolution.bias,
                                      convolution.rectify);
    if (!kernel) {
      return;
    }
    fused_[first] = {found->node,
                     found->place,
                     *std::move(kernel),
                     {found->inputs[0]},
                     {plan_.steps[chain.back()].outputs[0]}};
    absorbed_.insert(chain.begin() + 1, chain.end());
  }

  const Model& model_;
  const Plan& plan_;
  std::vector<int> readers_;           ///< by slot
  std::map<std::size_t, Step> fused_;  ///< by step of the plan
  std::set<std::size_t> absorbed_;     ///< steps of the plan
};

}  // namespace

Plan plan_inference(const Model& model, const std::vector<Slot>& wanted, std::size_t first, std::size_t end) {
  const at::NoGradGuard no_gradients;
  const auto& all = model.graph.steps;
  const std::vector<Step> steps(all.begin() + static_cast<std::ptrdiff_t>(first),
                                all.begin() + static_cast<std::ptrdiff_t>(std::min(end, all.size())));
  const Plan plan = plan_steps(model.graph, steps, wanted);
  use_threads(1);  // As passes do: filters that are arranged for more would be arranged anew in each of them.
  const std::vector<Step> fused = Fusion(model, plan).run();
  use_threads(model.threads);
  return plan_steps(model.graph, fused, wanted);
}

}  // namespace mj
