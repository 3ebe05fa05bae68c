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

double squared_norm(const at::Tensor& values) {
  return values.square().sum(at::kDouble).item<double>();
}

/// Products of gradients summed over positions, and then over images.
struct Products {
  at::Tensor sum;        ///< groups x K x K, or, of squares alone, groups x K; undefined before the first
  double squares = 0;    ///< of each image's products
  double diagonals = 0;  ///< the part of these on the diagonals
  // Of the gradients at neighbouring positions and not of the products:
  double of_sums = 0;  ///< the squares of their sums
  double singly = 0;   ///< the sums of their squares

  void add(const Products& other) {
    if (other.sum.defined()) {
      sum = sum.defined() ? sum.add_(other.sum) : other.sum.to(at::kDouble);
      squares += other.squares;
      diagonals += other.diagonals;
      of_sums += other.of_sums;
      singly += other.singly;
    }
  }
};

at::Tensor diagonal_of(const at::Tensor& products) {
  return products.dim() == 3 ? products.diagonal(0, 1, 2) : products;
}

void compare_neighbours(const at::Tensor& gradient, const LayerShape& shape, Products& products) {
  constexpr int64_t side = 2;
  static_assert(side * side == neighbouring_positions);
  if (gradient.dim() != 4 || shape.p < side || shape.q < side) {
    return;
  }
  const auto whole = gradient.slice(2, 0, shape.p / side * side).slice(3, 0, shape.q / side * side);
  const double positions = neighbouring_positions;
  products.of_sums = positions * positions * squared_norm(at::avg_pool2d(whole, {side, side}));
  products.singly = squared_norm(whole);
}

Products products_of(const at::Tensor& gradient, const MacLayer& layer, int64_t images,
                     int64_t most_channels) {
  const auto rows = by_group(gradient, layer);
  const auto of_images = rows.reshape({rows.size(0), images, -1, rows.size(2)});
  Products products;
  if (layer.op == "Conv") {
    compare_neighbours(gradient, layer.shape, products);
  }
  for (int64_t image = 0; image < images; ++image) {
    const auto each = of_images.select(1, image);
    const auto product = layer.shape.k <= most_channels ? at::matmul(each.transpose(1, 2), each)
                                                        : each.square().sum(1, false, at::kDouble);
    products.squares += squared_norm(product);
    products.diagonals += squared_norm(diagonal_of(product));
    products.sum = products.sum.defined() ? products.sum.add_(product) : product;
  }
  return products;
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

/// Of a mean over images.
/// @param squares of the images' values
/// @param of_mean the squares of their mean
/// @param signal  the squares of what of the mean may be chance
double certainty_of(double squares, double of_mean, double signal, double images) {
  const double noise = (squares / images - of_mean) / std::max(images - 1, 1.0);
  return signal > 0 ? std::clamp(1 - noise / signal, 0.0, 1.0) : 0;
}

OutputInformation information_of(const Products& products, const MacLayer& layer, double images) {
  const int64_t k = layer.shape.k;
  OutputInformation information;
  if (!products.sum.defined()) {
    information.diagonal.assign(static_cast<std::size_t>(layer.shape.groups * k), 0);
    return information;
  }
  if (products.singly > 0) {
    information.agreement = products.of_sums / products.singly;
  }
  const at::Tensor sum = products.sum / images;
  const bool is_whole = sum.dim() == 3;
  const auto diagonal = diagonal_of(sum).contiguous();
  const double of_diagonal = squared_norm(diagonal);
  information.diagonal_certainty =
      certainty_of(products.diagonals, of_diagonal, squared_norm(diagonal - diagonal.mean()), images);
  const double beside = squared_norm(sum) - of_diagonal;
  information.certainty = certainty_of(products.squares - products.diagonals, beside, beside, images);
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
                                                   const ProgressCallback& progress,
                                                   const std::stop_token& stop) {
  check_inputs(model, inputs);
  const auto& layers = model.network.layers;
  std::vector<Slot> wanted{logits_slot(model)};
  for (const MacLayer& layer : layers) {
    wanted.push_back(layer_output_slot(model, layer));
  }
  std::vector<Products> sums(layers.size());
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
    std::vector<Products> products(layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (gradients[i].defined()) {
        products[i] = products_of(gradients[i], layers[i], std::ssize(pass.indices), most_channels);
      }
    }
    turns.take(pass.number, stop, [&] {
      for (std::size_t i = 0; i < layers.size(); ++i) {
        sums[i].add(products[i]);
      }
    });
  };
  for_each_pass(model, inputs, "sensitivity", progress, stop, [&](const Pass& pass) {
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
    result.push_back(information_of(sums[i], layers[i], static_cast<double>(inputs.size)));
  }
  return result;
}

}  // namespace mj
