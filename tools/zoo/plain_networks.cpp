#include <array>
#include <string>
#include <utility>
#include <vector>

#include "architectures.h"
#include "graph_builder.h"

namespace zoo {
namespace {

/// The three fully connected layers that AlexNet and VGG end with.
Value classify(GraphBuilder& net, Value x, const std::array<std::string, 3>& names) {
  x = net.relu(net.gemm(names[0], x, 4096));
  x = net.relu(net.gemm(names[1], x, 4096));
  return net.gemm(names[2], x, 1000);
}

}  // namespace

onnx::ModelProto alexnet() {
  GraphBuilder net("alexnet", 227);
  Value x = net.relu(net.conv("conv1", net.image(), {96, valid(11, 4)}));
  x = net.max_pool(net.response_norm(x), valid(3, 2));
  x = net.relu(net.conv("conv2", x, {256, same(5), 2}));
  x = net.max_pool(net.response_norm(x), valid(3, 2));
  x = net.relu(net.conv("conv3", x, {384, same(3)}));
  x = net.relu(net.conv("conv4", x, {384, same(3), 2}));
  x = net.relu(net.conv("conv5", x, {256, same(3), 2}));
  x = net.max_pool(x, valid(3, 2));
  x = classify(net, net.flatten(x, 256 * 6 * 6), {"fc6", "fc7", "fc8"});
  return net.finish(x);
}

onnx::ModelProto vgg16() {
  GraphBuilder net("vgg16", 224);
  const std::vector<std::pair<int, int64_t>> stages{{2, 64}, {2, 128}, {3, 256}, {3, 512}, {3, 512}};
  Value x = net.image();
  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    const auto& [layers, filters] = stages[stage];
    for (int layer = 1; layer <= layers; ++layer) {
      const std::string name = "conv" + std::to_string(stage + 1) + "_" + std::to_string(layer);
      x = net.relu(net.conv(name, x, {filters, same(3)}));
    }
    x = net.max_pool(x, valid(2, 2));
  }
  x = classify(net, net.flatten(x, 512 * 7 * 7), {"fc6", "fc7", "fc8"});
  return net.finish(x);
}

}  // namespace zoo
