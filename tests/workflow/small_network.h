#pragma once

#include <span>
#include <vector>

#include "base/random.h"
#include "dataset/dataset.h"
#include "hardware/accelerator.h"
#include "network/network.h"
#include "onnx/onnx_file.h"
#include "workflow/prune_network.h"

namespace mj {

/// Conv 3x3 (2 -> 4 channels, 6x6 maps) - Relu - Flatten - Gemm (144 -> 3), with random weights.
inline Network small_network() {
  Network network;
  network.name = "small";
  network.file = "small.onnx";
  network.opset = 13;
  network.inputs = {{"image", {-1, 2, 6, 6}}};
  network.outputs = {{"scores", {-1, 3}}};
  Random random(11);
  const auto constant = [&](const char* name, Shape shape) {
    Tensor tensor{.type = ElementType::float32, .shape = std::move(shape)};
    for (int64_t i = 0; i < element_count(tensor.shape); ++i) {
      tensor.floats.push_back(static_cast<float>(random.normal()));
    }
    network.constants[name] = std::move(tensor);
  };
  constant("conv.weight", {4, 2, 3, 3});
  constant("conv.bias", {4});
  constant("fc.weight", {3, 144});
  constant("fc.bias", {3});
  const std::vector<int64_t> ones{1, 1, 1, 1};
  network.nodes = {{"conv", "Conv", "", {"image", "conv.weight", "conv.bias"}, {"a"}, {{"pads", ones}}},
                   {"relu", "Relu", "", {"a"}, {"b"}, {}},
                   {"flatten", "Flatten", "", {"b"}, {"c"}, {}},
                   {"fc", "Gemm", "", {"c", "fc.weight", "fc.bias"}, {"scores"}, {{"transB", int64_t{1}}}}};
  infer_shapes(network);
  return network;
}

/// Images for small_network, with labels.
inline NetworkInputs random_images(std::size_t count) {
  NetworkInputs inputs{.size = count, .channels = 2, .height = 6, .width = 6, .classes = 3};
  Random random(5);
  for (std::size_t i = 0; i < count; ++i) {
    inputs.labels.push_back(static_cast<int>(random.below(3)));
  }
  inputs.load = [](std::size_t index, std::span<float> values) {
    Random drawn(derive_seed(6, index));
    for (float& value : values) {
      value = static_cast<float>(drawn.normal());
    }
  };
  return inputs;
}

/// Without an epoch of training.
inline PruneJob small_job(const char* accelerator = "eyeriss-cvpr17") {
  PruneJob job{.network = small_network(), .calibration = random_images(60), .calibration_name = "random"};
  job.setting.accelerator = read_accelerator(accelerator);
  job.setting.workload.weight_bits = job.setting.workload.activation_bits = 16;
  job.options = default_options(method_named("auto"), 60, true, 1e6);
  job.options.epochs = job.options.final_epochs = 0;
  return job;
}

}  // namespace mj
