#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <span>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "runtime/torch/measure.h"

namespace mj {
namespace {

/// A class for each image, drawn from the network's own prediction by inverting its distribution.
at::Tensor draw_classes(const at::Tensor& logits, std::span<const std::size_t> images, uint64_t seed) {
  const auto cumulative = at::softmax(logits.detach(), 1, at::kDouble).cumsum(1).contiguous();
  const int64_t classes = cumulative.size(1);
  auto drawn = at::empty({cumulative.size(0)}, at::kLong);
  for (int64_t i = 0; i < cumulative.size(0); ++i) {
    const double* row = cumulative.data_ptr<double>() + i * classes;
    Random random(derive_seed(seed, images[static_cast<std::size_t>(i)]));
    const auto place = std::upper_bound(row, row + classes, random.uniform()) - row;
    drawn.data_ptr<int64_t>()[i] = std::min<int64_t>(place, classes - 1);
  }
  return drawn;
}

/// Squares summed over all but the output channels (groups K).
at::Tensor sum_squares(const at::Tensor& gradient, const MacLayer& layer) {
  const auto squares = gradient.to(at::kDouble).square();
  if (layer.op == "Conv") {
    return squares.transpose(0, 1).reshape({squares.size(1), -1}).sum(1);
  }
  if (layer.layout == WeightLayout::none && layer.shape.groups > 1) {
    const auto grouped = squares.reshape({-1, layer.shape.groups, layer.shape.p, layer.shape.k});
    return grouped.sum(at::IntArrayRef({0, 2})).reshape({-1});
  }
  return squares.reshape({-1, layer.shape.groups * layer.shape.k}).sum(0);
}

}  // namespace

std::vector<std::vector<double>> measure_sensitivity(const Model& model, const NetworkInputs& inputs,
                                                     uint64_t seed, const std::stop_token& stop) {
  check_inputs(model, inputs);
  const auto& layers = model.network.layers;
  std::vector<Slot> wanted{logits_slot(model)};
  std::vector<at::Tensor> zeros;
  for (const MacLayer& layer : layers) {
    wanted.push_back(layer_output_slot(model, layer));
    zeros.push_back(at::zeros({layer.shape.groups * layer.shape.k}, at::kDouble));
  }
  std::vector<std::vector<at::Tensor>> sums(passes_in_batch, zeros);
  const Plan plan = plan_values(model.graph, wanted);
  for_each_pass(model, inputs, "sensitivity", {}, stop, [&](const Pass& pass) {
    // Gradients flow to the layers' outputs alone: the input asks for them, the weights do not.
    const auto images = pass.given.at(0).second.detach().requires_grad_(true);
    std::vector<at::Tensor> values(model.graph.slots.size());
    run_plan(
        model.graph, plan, {{pass.given.at(0).first, images}}, pass.images(),
        [&](Slot slot, const at::Tensor& value) { values[slot] = value; }, stop);
    const auto logits = as_rows(model, values[wanted[0]], pass.indices.size());
    const auto loss = at::nll_loss(at::log_softmax(logits, 1), draw_classes(logits, pass.indices, seed), {},
                                   at::Reduction::Sum);
    torch::autograd::variable_list outputs;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      outputs.push_back(values[wanted[i + 1]]);
    }
    const auto gradients = torch::autograd::grad({loss}, outputs, {}, false, false, true);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (gradients[i].defined()) {
        at::Tensor& sum = sums[pass.number][i];
        sum = sum + sum_squares(gradients[i], layers[i]);
      }
    }
    return std::string();
  });
  std::vector<std::vector<double>> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    at::Tensor mean = zeros[i] / static_cast<double>(inputs.size);
    for (const auto& of_pass : sums) {
      mean = mean + of_pass[i] / static_cast<double>(inputs.size);
    }
    result.emplace_back(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel());
  }
  return result;
}

}  // namespace mj
