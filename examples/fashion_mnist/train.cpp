// Trains the example network on Fashion-MNIST and writes it as ONNX. The last 10,000 training images only
// tell how training goes; the test images are looked at once, at the end.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/threads.h"
#include "dataset/dataset.h"
#include "fashion_network.h"
#include "onnx/onnx_file.h"

namespace {

using at::Tensor;

struct Options {
  std::string output;
  int epochs = 26;
  int64_t batch = 128;
  double learning_rate = 0.1;
  double weight_decay = 3e-4;
  double label_smoothing = 0.05;
  int64_t shift = 1;
  uint64_t seed = 1;
  bool keep_batch_norm = false;
};

struct Batch {
  Tensor images;
  Tensor labels;
};

/// `count` images of `order` from `first` on, moved and mirrored at random where `random` is given.
Batch load_batch(const mj::NetworkInputs& inputs, const std::vector<std::size_t>& order, std::size_t first,
                 int64_t count, int64_t shift, mj::Random* random) {
  Batch batch{at::empty({count, 1, 28, 28}), at::empty({count}, at::kLong)};
  const auto images = at::empty({28, 28});
  for (int64_t i = 0; i < count; ++i) {
    const std::size_t index = order[first + static_cast<std::size_t>(i)];
    inputs.load(index, {images.data_ptr<float>(), 784});
    Tensor image = images;
    if (random != nullptr) {
      const auto offset = [&] {
        return static_cast<int64_t>(random->below(static_cast<uint64_t>(2 * shift + 1)));
      };
      const double background = images.min().item<double>();
      const int64_t down = offset();
      const int64_t right = offset();
      image = at::constant_pad_nd(images, {shift, shift, shift, shift}, background)
                  .slice(0, down, down + 28)
                  .slice(1, right, right + 28);
      if (random->below(2) == 1) {
        image = image.flip({1});
      }
    }
    batch.images[i][0].copy_(image);
    batch.labels[i] = inputs.labels[index];
  }
  return batch;
}

double accuracy(const example::FashionNetwork& network, const mj::NetworkInputs& inputs, std::size_t from,
                std::size_t to) {
  const at::NoGradGuard no_gradients;
  constexpr std::size_t step = 500;
  std::vector<std::size_t> order(inputs.size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  int64_t right = 0;
  for (std::size_t first = from; first < to; first += step) {
    const Batch batch = load_batch(inputs, order, first, step, 0, nullptr);
    right += (forward(network, batch.images, false).argmax(1) == batch.labels).sum().item<int64_t>();
  }
  return static_cast<double>(right) / static_cast<double>(to - from);
}

/// Nesterov's momentum, weight decay on weights alone.
class Optimizer {
 public:
  Optimizer(std::vector<Tensor> parameters, double weight_decay)
      : parameters_(std::move(parameters)), weight_decay_(weight_decay) {
    for (const Tensor& parameter : parameters_) {
      velocity_.push_back(at::zeros_like(parameter));
    }
  }

  void step(double learning_rate) {
    const at::NoGradGuard no_gradients;
    constexpr double momentum = 0.9;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      Tensor gradient = parameters_[i].grad();
      if (parameters_[i].dim() > 1) {
        gradient = gradient.add(parameters_[i], weight_decay_);
      }
      velocity_[i].mul_(momentum).add_(gradient);
      parameters_[i].sub_(gradient.add(velocity_[i], momentum), learning_rate);
      parameters_[i].mutable_grad() = Tensor();
    }
  }

 private:
  std::vector<Tensor> parameters_;
  std::vector<Tensor> velocity_;
  double weight_decay_;
};

/// Rises over the first tenth of the training, then falls as a half cosine.
double learning_rate_at(double share, double highest) {
  constexpr double rise = 0.1;
  if (share < rise) {
    return highest * (0.05 + 0.95 * share / rise);
  }
  return highest * 0.5 * (1 + std::cos(std::numbers::pi * (share - rise) / (1 - rise)));
}

void train(example::FashionNetwork& network, const mj::NetworkInputs& inputs, const Options& options) {
  constexpr std::size_t fitted = 50000;
  const std::size_t steps = fitted / static_cast<std::size_t>(options.batch);
  Optimizer optimizer(parameters(network), options.weight_decay);
  mj::Random random(options.seed);
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    const auto order =
        mj::shuffled_indices(fitted, mj::derive_seed(options.seed, static_cast<uint64_t>(epoch)));
    double loss_sum = 0;
    for (std::size_t step = 0; step < steps; ++step) {
      const double share = (epoch + static_cast<double>(step) / static_cast<double>(steps)) / options.epochs;
      const Batch batch = load_batch(inputs, order, step * static_cast<std::size_t>(options.batch),
                                     options.batch, options.shift, &random);
      const Tensor loss = at::cross_entropy_loss(forward(network, batch.images, true), batch.labels, {},
                                                 at::Reduction::Mean, -100, options.label_smoothing);
      loss.backward();
      optimizer.step(learning_rate_at(share, options.learning_rate));
      loss_sum += loss.item<double>();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    fmt::print("epoch {:2}: loss {:.4f}, {:.2f} % of the 10,000 images held back, {:.0f} s\n", epoch + 1,
               loss_sum / static_cast<double>(steps), 100 * accuracy(network, inputs, fitted, inputs.size),
               seconds.count());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Trains the example network on Fashion-MNIST");
  app.add_option("OUT", options.output, "Where the ONNX file goes")->required();
  app.add_option("--epochs", options.epochs)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_flag("--keep-batch-norm", options.keep_batch_norm,
               "Write batch norms as nodes instead of folding them");
  CLI11_PARSE(app, argc, argv);
  try {
    at::set_num_threads(mj::available_threads());
    at::manual_seed(options.seed);
    const mj::Preprocess preprocess = example::fashion_preprocess();
    const std::vector<int64_t> shape{1, 1, 28, 28};
    const auto inputs = [&](const char* name) {
      return mj::prepare_inputs(mj::open_dataset(name), preprocess, shape, options.output);
    };
    example::FashionNetwork network = example::random_network();
    train(network, inputs("fashion-mnist:train"), options);
    const auto test = inputs("fashion-mnist:test");
    fmt::print("test: {:.2f} %\n", 100 * accuracy(network, test, 0, test.size));
    mj::write_onnx(example::to_onnx_network(network, preprocess, options.keep_batch_norm), options.output);
  } catch (const mj::InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 3;
  }
}
