#include "fashion_network.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "onnx/onnx_file.h"

namespace example {
namespace {

using at::Tensor;

constexpr double epsilon = 1e-5;
constexpr int64_t classes = 10;

struct BlockShape {
  int64_t channels, kernel, stride;
};
// Maps shrink early and grow in channels late, so that every word that is moved meets many MACs.
constexpr std::array<BlockShape, 5> block_shapes{
    {{24, 5, 2}, {48, 3, 2}, {64, 3, 1}, {112, 3, 2}, {112, 3, 1}}};

mj::Tensor constant(const Tensor& tensor) {
  const Tensor plain = tensor.detach().contiguous();
  mj::Tensor result{.type = mj::ElementType::float32, .shape = plain.sizes().vec()};
  result.floats.assign(plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel());
  return result;
}

/// Adds the nodes of one block that reads `input`; returns the name of what it gives.
std::string add_block(mj::Network& network, const Block& block, const std::string& name,
                      const std::string& input, bool keep_batch_norm) {
  const int64_t kernel = block.weight.size(2);
  const int64_t pad = kernel / 2;
  mj::Node conv{name,
                "Conv",
                "",
                {input, name + ".weight"},
                {name + ".out"},
                {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
                 {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                 {"strides", std::vector<int64_t>{block.stride, block.stride}}}};
  if (keep_batch_norm) {
    network.constants[name + ".weight"] = constant(block.weight);
    network.nodes.push_back(conv);
    network.constants[name + ".bn.scale"] = constant(block.scale);
    network.constants[name + ".bn.shift"] = constant(block.shift);
    network.constants[name + ".bn.mean"] = constant(block.mean);
    network.constants[name + ".bn.variance"] = constant(block.variance);
    network.nodes.push_back(
        {name + ".bn",
         "BatchNormalization",
         "",
         {name + ".out", name + ".bn.scale", name + ".bn.shift", name + ".bn.mean", name + ".bn.variance"},
         {name + ".normal"},
         {{"epsilon", static_cast<float>(epsilon)}}});
  } else {
    const Tensor factor = block.scale / (block.variance + epsilon).sqrt();
    network.constants[name + ".weight"] = constant(block.weight * factor.view({-1, 1, 1, 1}));
    network.constants[name + ".bias"] = constant(block.shift - block.mean * factor);
    conv.inputs.push_back(name + ".bias");
    network.nodes.push_back(conv);
  }
  network.nodes.push_back({name + ".relu",
                           "Relu",
                           "",
                           {keep_batch_norm ? name + ".normal" : name + ".out"},
                           {name + ".map"},
                           {}});
  return name + ".map";
}

}  // namespace

FashionNetwork random_network() {
  FashionNetwork network;
  int64_t inputs = 1;
  for (const auto& [channels, kernel, stride] : block_shapes) {
    const double deviation = std::sqrt(2.0 / static_cast<double>(inputs * kernel * kernel));
    const auto trained = [](const Tensor& tensor) { return tensor.set_requires_grad(true); };
    network.blocks.push_back({trained((at::randn({channels, inputs, kernel, kernel}) * deviation)
                                          .contiguous(at::MemoryFormat::ChannelsLast)),
                              trained(at::ones({channels})), trained(at::zeros({channels})),
                              at::zeros({channels}), at::ones({channels}), stride});
    inputs = channels;
  }
  network.fc_weight =
      (at::randn({classes, inputs}) / std::sqrt(static_cast<double>(inputs))).set_requires_grad(true);
  network.fc_bias = at::zeros({classes}).set_requires_grad(true);
  return network;
}

Tensor forward(const FashionNetwork& network, const Tensor& images, bool training) {
  constexpr double momentum = 0.1;
  Tensor map = images;
  for (const Block& block : network.blocks) {
    map = at::conv2d(map, block.weight, {}, block.stride, block.weight.size(2) / 2);
    map = at::batch_norm(map, block.scale, block.shift, block.mean, block.variance, training, momentum,
                         epsilon, false);
    map = map.relu_();
  }
  return at::linear(map.mean({2, 3}), network.fc_weight, network.fc_bias);
}

std::vector<Tensor> parameters(const FashionNetwork& network) {
  std::vector<Tensor> result;
  for (const Block& block : network.blocks) {
    result.insert(result.end(), {block.weight, block.scale, block.shift});
  }
  result.insert(result.end(), {network.fc_weight, network.fc_bias});
  return result;
}

mj::Preprocess fashion_preprocess() {
  // Mean and deviation of the training images' pixels, as in data/preprocess/fashion-mnist.yaml.
  return {.channel_order = "GRAY", .scale = 1.0 / 255, .mean = {0.2860}, .std = {0.3530}};
}

mj::Network to_onnx_network(const FashionNetwork& network, const mj::Preprocess& preprocess,
                            bool keep_batch_norm) {
  mj::Network result;
  result.name = "fashion_mnist";
  result.opset = 13;
  result.inputs = {{"image", {-1, 1, 28, 28}}};
  result.outputs = {{"scores", {-1, classes}}};
  result.metadata["millijoule.preprocess"] = mj::preprocess_text(preprocess);
  std::string value = "image";
  for (std::size_t i = 0; i < network.blocks.size(); ++i) {
    value = add_block(result, network.blocks[i], fmt::format("conv{}", i + 1), value, keep_batch_norm);
  }
  result.nodes.push_back({"pool", "GlobalAveragePool", "", {value}, {"pooled"}, {}});
  result.nodes.push_back({"flatten", "Flatten", "", {"pooled"}, {"features"}, {}});
  result.constants["fc.weight"] = constant(network.fc_weight);
  result.constants["fc.bias"] = constant(network.fc_bias);
  result.nodes.push_back(
      {"fc", "Gemm", "", {"features", "fc.weight", "fc.bias"}, {"scores"}, {{"transB", int64_t{1}}}});
  mj::infer_shapes(result);
  return result;
}

}  // namespace example
