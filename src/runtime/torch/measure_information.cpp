#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <utility>

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

/// Of a layer's outputs, groups x positions x K.
at::Tensor by_group(const at::Tensor& gradient, const MacLayer& layer) {
  const LayerShape& shape = layer.shape;
  if (layer.op == "Conv") {
    return gradient.transpose(0, 1).reshape({shape.groups, shape.k, -1}).transpose(1, 2);
  }
  if (layer.layout == WeightLayout::none) {
    return gradient.reshape({-1, shape.groups, shape.p, shape.k})
        .transpose(0, 1)
        .reshape({shape.groups, -1, shape.k});
  }
  return gradient.reshape({-1, shape.groups, shape.k}).transpose(0, 1);
}

/// Products summed over positions: groups x K x K, or, of squares alone, groups x K.
at::Tensor sum_products(const at::Tensor& gradient, const MacLayer& layer, int64_t most_channels) {
  const auto rows = by_group(gradient, layer);
  return layer.shape.k <= most_channels ? at::matmul(rows.transpose(1, 2), rows)
                                        : rows.square().sum(1, false, at::kDouble);
}

/// Lets passes of a batch add to sums one after the other, so that these do not depend on which is done
/// first.
class Turns {
 public:
  /// @param number of the pass; 0 begins anew
  void take(std::size_t number, const std::stop_token& stop, const std::function<void()>& work) {
    std::unique_lock lock(guard_);
    if (number == 0) {
      next_ = 0;
    }
    if (!changed_.wait(lock, stop, [&] { return next_ == number || given_up_; })) {
      throw Interrupted();
    }
    work();
    next_ = number + 1;
    changed_.notify_all();
  }

  /// A pass that failed will not take its turn.
  void give_up() {
    const std::scoped_lock lock(guard_);
    given_up_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex guard_;
  std::condition_variable_any changed_;
  std::size_t next_ = 0;
  bool given_up_ = false;
};

OutputInformation information_of(const at::Tensor& sum, const MacLayer& layer) {
  const int64_t k = layer.shape.k;
  OutputInformation information;
  const bool is_whole = sum.dim() == 3;
  const auto diagonal = (is_whole ? sum.diagonal(0, 1, 2) : sum).contiguous();
  information.diagonal.assign(diagonal.data_ptr<double>(), diagonal.data_ptr<double>() + diagonal.numel());
  for (int64_t group = 0; is_whole && group < layer.shape.groups; ++group) {
    const auto floats = sum[group].to(at::kFloat).contiguous();
    Matrix matrix(k, k);
    std::copy_n(floats.data_ptr<float>(), floats.numel(), matrix.values.begin());
    information.groups.push_back(std::move(matrix));
  }
  return information;
}

}  // namespace

std::vector<OutputInformation> measure_information(const Model& model, const NetworkInputs& inputs,
                                                   int64_t most_channels, uint64_t seed,
                                                   const std::stop_token& stop) {
  check_inputs(model, inputs);
  const auto& layers = model.network.layers;
  std::vector<Slot> wanted{logits_slot(model)};
  std::vector<at::Tensor> sums;
  for (const MacLayer& layer : layers) {
    const LayerShape& shape = layer.shape;
    wanted.push_back(layer_output_slot(model, layer));
    sums.push_back(shape.k <= most_channels ? at::zeros({shape.groups, shape.k, shape.k}, at::kDouble)
                                            : at::zeros({shape.groups, shape.k}, at::kDouble));
  }
  const Plan plan = plan_values(model.graph, wanted);
  Turns turns;
  const auto add = [&](const Pass& pass) {
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
    std::vector<at::Tensor> products(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (gradients[i].defined()) {
        products[i] = sum_products(gradients[i], layers[i], most_channels);
      }
    }
    turns.take(pass.number, stop, [&] {
      for (std::size_t i = 0; i < layers.size(); ++i) {
        if (products[i].defined()) {
          sums[i].add_(products[i]);
        }
      }
    });
  };
  for_each_pass(model, inputs, "sensitivity", {}, stop, [&](const Pass& pass) {
    try {
      add(pass);
    } catch (...) {
      turns.give_up();
      throw;
    }
    return std::string();
  });
  std::vector<OutputInformation> result;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    result.push_back(information_of(sums[i] / static_cast<double>(inputs.size), layers[i]));
  }
  return result;
}

}  // namespace mj
