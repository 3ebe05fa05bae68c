#include <string>
#include <vector>

#include "architectures.h"
#include "graph_builder.h"

namespace zoo {
namespace {

/// `x` itself, or its projection by a 1x1 convolution where a block changes the shape (option B).
Value shortcut(GraphBuilder& net, const std::string& name, const Value& x, int64_t channels, int64_t stride) {
  const bool keeps_shape = stride == 1 && x.channels == channels;
  return keeps_shape ? x : net.conv_bn(name + ".shortcut", x, {channels, valid(1, stride)});
}

/// Figure 5, right.
Value bottleneck(GraphBuilder& net, const std::string& name, const Value& x, int64_t inner, int64_t stride) {
  Value y = net.relu(net.conv_bn(name + ".conv1", x, {inner, same(1)}));
  y = net.relu(net.conv_bn(name + ".conv2", y, {inner, same(3, stride)}));
  y = net.conv_bn(name + ".conv3", y, {4 * inner, same(1)});
  return net.relu(net.add(y, shortcut(net, name, x, 4 * inner, stride)));
}

/// Figure 5, left.
Value basic_block(GraphBuilder& net, const std::string& name, const Value& x, int64_t channels,
                  int64_t stride) {
  Value y = net.relu(net.conv_bn(name + ".conv1", x, {channels, same(3, stride)}));
  y = net.conv_bn(name + ".conv2", y, {channels, same(3)});
  return net.relu(net.add(y, shortcut(net, name, x, channels, stride)));
}

using Block = Value (*)(GraphBuilder&, const std::string&, const Value&, int64_t, int64_t);

/// Stages of `blocks[i]` blocks, each twice as wide as the one before and, but for the first, half the size.
Value stages(GraphBuilder& net, Value x, Block block, const std::vector<int>& blocks, int64_t width) {
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    for (int i = 0; i < blocks[stage]; ++i) {
      const std::string name = "stage" + std::to_string(stage + 1) + "." + std::to_string(i + 1);
      x = block(net, name, x, width << stage, stage > 0 && i == 0 ? 2 : 1);
    }
  }
  return x;
}

onnx::ModelProto finish(GraphBuilder& net, const Value& features, int64_t classes) {
  const Value x = net.flatten(net.global_average_pool(features), features.channels);
  return net.finish(net.gemm("fc", x, classes));
}

/// Batch norm and ReLU come before the convolution (section 3, "Composite function").
Value composite(GraphBuilder& net, const std::string& name, const Value& x, const Filters& filters) {
  return net.conv_without_bias(name, net.relu(net.batch_norm(name + ".bn", x)), filters);
}

}  // namespace

onnx::ModelProto resnet50() {
  GraphBuilder net("resnet50", 224);
  Value x = net.relu(net.conv_bn("conv1", net.image(), {64, same(7, 2)}));
  x = stages(net, net.max_pool(x, same(3, 2)), bottleneck, {3, 4, 6, 3}, 64);
  return finish(net, x, 1000);
}

onnx::ModelProto residual(int64_t depth, int64_t width) {
  GraphBuilder net("residual_d" + std::to_string(depth) + "_w" + std::to_string(width), 32);
  const int blocks = static_cast<int>(depth - 2) / 6;
  Value x = net.relu(net.conv_bn("conv1", net.image(), {width, same(3)}));
  x = stages(net, x, basic_block, {blocks, blocks, blocks}, width);
  return finish(net, x, 10);
}

onnx::ModelProto densenet121() {
  constexpr int64_t growth = 32;
  GraphBuilder net("densenet121", 224);
  Value x = net.relu(net.conv_bn("conv0", net.image(), {2 * growth, same(7, 2)}));
  x = net.max_pool(x, same(3, 2));
  const std::vector<int> blocks{6, 12, 24, 16};
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    if (block > 0) {
      const std::string name = "transition" + std::to_string(block);
      x = net.average_pool(composite(net, name, x, {x.channels / 2, same(1)}), valid(2, 2));
    }
    for (int layer = 1; layer <= blocks[block]; ++layer) {
      const std::string name = "block" + std::to_string(block + 1) + "." + std::to_string(layer);
      const Value y = composite(net, name + ".conv1", x, {4 * growth, same(1)});
      x = net.concat({x, composite(net, name + ".conv2", y, {growth, same(3)})});
    }
  }
  x = net.relu(net.batch_norm("bn_last", x));
  return finish(net, x, 1000);
}

}  // namespace zoo
