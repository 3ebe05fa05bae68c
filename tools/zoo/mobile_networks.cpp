#include <onnx/defs/attr_proto_util.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "architectures.h"
#include "graph_builder.h"

namespace zoo {
namespace {

using Activation = Value (*)(GraphBuilder&, const Value&);

Value relu(GraphBuilder& net, const Value& x) {
  return net.relu(x);
}

Value relu6(GraphBuilder& net, const Value& x) {
  return net.node("Clip", {x, net.scalar(0), net.scalar(6)}, x.channels);
}

Value sigmoid(GraphBuilder& net, const Value& x) {
  return net.map("Sigmoid", x);
}

Value hard_sigmoid(GraphBuilder& net, const Value& x) {
  return net.node("HardSigmoid", {x}, x.channels,
                  {onnx::MakeAttribute("alpha", 1.0F / 6), onnx::MakeAttribute("beta", 0.5F)});
}

Value swish(GraphBuilder& net, const Value& x) {
  return net.multiply(x, sigmoid(net, x));
}

/// HardSwish is an operator from set 14 on only.
Value hard_swish(GraphBuilder& net, const Value& x) {
  return net.multiply(x, hard_sigmoid(net, x));
}

Value depthwise(GraphBuilder& net, const std::string& name, const Value& x, const Window& window) {
  return net.conv_bn(name, x, {x.channels, window, x.channels});
}

onnx::ModelProto finish(GraphBuilder& net, const Value& features) {
  const Value x = net.flatten(net.global_average_pool(features), features.channels);
  return net.finish(net.gemm("fc", x, 1000));
}

/// Channel i of group g goes to place g of the i-th of channels / groups new groups (figure 1c). `side` is
/// that of the picture: with it the target leaves the number of images alone free.
Value shuffle_channels(GraphBuilder& net, const Value& x, int64_t groups, int64_t side) {
  const int64_t each = x.channels / groups;
  const Value split = net.reshape(x, {-1, groups, each, side, side}, groups);
  const Value swapped = net.transpose(split, {0, 2, 1, 3, 4}, each);
  return net.reshape(swapped, {-1, x.channels, side, side}, x.channels);
}

/// Figure 2b, and 2c where a stage is entered: there the pooled input is kept beside the new channels.
Value shuffle_unit(GraphBuilder& net, const std::string& name, const Value& x, int64_t channels,
                   int64_t side) {
  constexpr int64_t groups = 3;
  const bool enters_stage = x.channels != channels;
  const bool is_first_stage = x.channels == 24;  // too few for groups (section 3.2)
  const int64_t stride = enters_stage ? 2 : 1;
  Value y = net.relu(net.conv_bn(name + ".conv1", x, {channels / 4, same(1), is_first_stage ? 1 : groups}));
  y = shuffle_channels(net, y, groups, side);
  y = depthwise(net, name + ".conv2", y, same(3, stride));
  const int64_t made = enters_stage ? channels - x.channels : channels;
  y = net.conv_bn(name + ".conv3", y, {made, same(1), groups});
  return net.relu(enters_stage ? net.concat({net.average_pool(x, same(3, 2)), y}) : net.add(x, y));
}

/// What gates the channels of a block: after the first of its two convolutions, and after the second.
struct SqueezeExcite {
  Activation inner;
  Activation gate;
};

/// Sizes of one block of MobileNet v2, v3 and EfficientNet.
struct InvertedResidual {
  int64_t side;  ///< of the depthwise filter
  int64_t expanded;
  int64_t channels;
  int64_t stride;
  int64_t squeezed;  ///< channels inside squeeze-and-excite, 0 for none
  Activation activation;
};

Value inverted_residual(GraphBuilder& net, const std::string& name, const Value& x,
                        const InvertedResidual& block, const SqueezeExcite& excite = {}) {
  Value y = x;
  if (block.expanded != x.channels) {
    y = block.activation(net, net.conv_bn(name + ".expand", x, {block.expanded, same(1)}));
  }
  y = block.activation(net, depthwise(net, name + ".depthwise", y, same(block.side, block.stride)));
  if (block.squeezed > 0) {
    const Value mean = net.global_average_pool(y);
    const Value squeezed = excite.inner(net, net.conv(name + ".squeeze", mean, {block.squeezed, same(1)}));
    y = net.multiply(y, excite.gate(net, net.conv(name + ".excite", squeezed, {y.channels, same(1)})));
  }
  y = net.conv_bn(name + ".project", y, {block.channels, same(1)});
  return block.stride == 1 && block.channels == x.channels ? net.add(x, y) : y;
}

/// A stage of MobileNet v2 and EfficientNet: blocks of which the first has the stride.
struct Stage {
  int64_t expansion;
  int64_t channels;
  int blocks;
  int64_t stride;
  int64_t side = 3;
};

/// EfficientNet squeezes to a quarter of a block's input; without `excite` there is no squeezing.
Value inverted_stages(GraphBuilder& net, Value x, const std::vector<Stage>& stages, Activation activation,
                      const std::optional<SqueezeExcite>& excite) {
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const Stage& sizes = stages[stage];
    for (int i = 0; i < sizes.blocks; ++i) {
      const InvertedResidual block{.side = sizes.side,
                                   .expanded = sizes.expansion * x.channels,
                                   .channels = sizes.channels,
                                   .stride = i == 0 ? sizes.stride : 1,
                                   .squeezed = excite.has_value() ? x.channels / 4 : 0,
                                   .activation = activation};
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(i + 1);
      x = inverted_residual(net, name, x, block, excite.value_or(SqueezeExcite{}));
    }
  }
  return x;
}

}  // namespace

onnx::ModelProto shufflenet_v1() {
  GraphBuilder net("shufflenet_v1", 224);
  Value x = net.relu(net.conv_bn("conv1", net.image(), {24, same(3, 2)}));
  x = net.max_pool(x, same(3, 2));
  const std::vector<std::pair<int, int64_t>> stages{{4, 240}, {8, 480}, {4, 960}};
  int64_t side = 56;
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const auto& [units, channels] = stages[stage];
    for (int unit = 1; unit <= units; ++unit) {
      const std::string name = "stage" + std::to_string(stage + 2) + "." + std::to_string(unit);
      x = shuffle_unit(net, name, x, channels, side);
      side = unit == 1 ? side / 2 : side;
    }
  }
  return finish(net, x);
}

onnx::ModelProto mobilenet_v1() {
  GraphBuilder net("mobilenet_v1", 224);
  Value x = net.relu(net.conv_bn("conv1", net.image(), {32, same(3, 2)}));
  const std::vector<std::pair<int64_t, int64_t>> strides_and_filters{
      {1, 64},  {2, 128}, {1, 128}, {2, 256}, {1, 256},  {2, 512}, {1, 512},
      {1, 512}, {1, 512}, {1, 512}, {1, 512}, {2, 1024}, {1, 1024}};
  int number = 1;
  for (const auto& [stride, filters] : strides_and_filters) {
    const std::string name = "conv" + std::to_string(++number);
    x = net.relu(depthwise(net, name + ".depthwise", x, same(3, stride)));
    x = net.relu(net.conv_bn(name + ".pointwise", x, {filters, same(1)}));
  }
  return finish(net, x);
}

onnx::ModelProto mobilenet_v2() {
  GraphBuilder net("mobilenet_v2", 224);
  Value x = relu6(net, net.conv_bn("conv_first", net.image(), {32, same(3, 2)}));
  const std::vector<Stage> stages{{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  x = inverted_stages(net, x, stages, relu6, std::nullopt);
  return finish(net, relu6(net, net.conv_bn("conv_last", x, {1280, same(1)})));
}

onnx::ModelProto mobilenet_v3_large() {
  GraphBuilder net("mobilenet_v3_large", 224);
  Value x = hard_swish(net, net.conv_bn("conv_first", net.image(), {16, same(3, 2)}));
  const std::vector<InvertedResidual> blocks{
      {3, 16, 16, 1, 0, relu},           {3, 64, 24, 2, 0, relu},
      {3, 72, 24, 1, 0, relu},           {5, 72, 40, 2, 24, relu},
      {5, 120, 40, 1, 32, relu},         {5, 120, 40, 1, 32, relu},
      {3, 240, 80, 2, 0, hard_swish},    {3, 200, 80, 1, 0, hard_swish},
      {3, 184, 80, 1, 0, hard_swish},    {3, 184, 80, 1, 0, hard_swish},
      {3, 480, 112, 1, 120, hard_swish}, {3, 672, 112, 1, 168, hard_swish},
      {5, 672, 160, 2, 168, hard_swish}, {5, 960, 160, 1, 240, hard_swish},
      {5, 960, 160, 1, 240, hard_swish}};
  int number = 0;
  for (const InvertedResidual& block : blocks) {
    x = inverted_residual(net, "block" + std::to_string(++number), x, block, {relu, hard_sigmoid});
  }
  x = hard_swish(net, net.conv_bn("conv_last", x, {960, same(1)}));
  x = net.flatten(net.global_average_pool(x), x.channels);
  x = hard_swish(net, net.gemm("fc1", x, 1280));
  return net.finish(net.gemm("fc2", x, 1000));
}

onnx::ModelProto efficientnet_b0() {
  GraphBuilder net("efficientnet_b0", 224);
  Value x = swish(net, net.conv_bn("conv_first", net.image(), {32, same(3, 2)}));
  const std::vector<Stage> stages{{1, 16, 1, 1, 3},  {6, 24, 2, 2, 3},  {6, 40, 2, 2, 5}, {6, 80, 3, 2, 3},
                                  {6, 112, 3, 1, 5}, {6, 192, 4, 2, 5}, {6, 320, 1, 1, 3}};
  x = inverted_stages(net, x, stages, swish, SqueezeExcite{swish, sigmoid});
  return finish(net, swish(net, net.conv_bn("conv_last", x, {1280, same(1)})));
}

}  // namespace zoo
