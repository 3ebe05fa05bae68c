// Rate of forward passes: images a second of a network on inputs already in memory, the best of some runs.
// Usage: forward MODEL.onnx [IMAGES [RUNS [THREADS [IMAGES_IN_A_PASS]]]]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <span>
#include <vector>

#include "dataset/dataset.h"
#include "onnx/onnx_file.h"
#include "runtime/runtime.h"

namespace {

/// Images of one content, as large as the network's input.
mj::NetworkInputs make_inputs(const mj::Network& network, std::size_t images) {
  const auto& shape = network.inputs.at(0).shape;
  mj::NetworkInputs inputs{
      .size = images, .channels = shape.at(1), .height = shape.at(2), .width = shape.at(3)};
  std::vector<float> image(static_cast<std::size_t>(shape[1] * shape[2] * shape[3]));
  for (std::size_t i = 0; i < image.size(); ++i) {
    image[i] = 50 * std::sin(12.9898F * static_cast<float>(i));
  }
  inputs.load = [image](std::size_t, std::span<float> values) {
    std::copy(image.begin(), image.end(), values.begin());
  };
  return inputs;
}

double seconds_of(mj::Session& session, const mj::NetworkInputs& inputs) {
  const auto start = std::chrono::steady_clock::now();
  (void)session.forward(inputs, {}, {});
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  const auto argument = [&](int i, int otherwise) { return i < count ? std::atoi(arguments[i]) : otherwise; };
  if (count < 2) {
    fmt::print(stderr, "usage: forward MODEL.onnx [IMAGES [RUNS [THREADS [IMAGES_IN_A_PASS]]]]\n");
    return 2;
  }
  try {
    const mj::Network network = mj::read_onnx(arguments[1]);
    const auto session = mj::open_session(network, {.threads = argument(4, 0), .pass_size = argument(5, 0)});
    const auto inputs = make_inputs(network, static_cast<std::size_t>(argument(2, 256)));
    double best = seconds_of(*session, inputs);
    for (int run = 0; run < argument(3, 5); ++run) {
      best = std::min(best, seconds_of(*session, inputs));
    }
    fmt::print("{:.1f}\n", static_cast<double>(inputs.size) / best);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
