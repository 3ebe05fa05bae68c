#include <onnx/defs/attr_proto_util.h>

#include <cmath>
#include <string>
#include <vector>

#include "architectures.h"
#include "graph_builder.h"

namespace zoo {
namespace {

using onnx::MakeAttribute;

constexpr int64_t image_side = 224;
constexpr int64_t patch_side = 16;
constexpr int64_t patches = (image_side / patch_side) * (image_side / patch_side);
constexpr int64_t features = 768;
constexpr int64_t heads = 12;
constexpr int64_t head_features = features / heads;

Value mean(GraphBuilder& net, const Value& x) {
  return net.node("ReduceMean", {x}, x.channels,
                  {MakeAttribute("axes", std::vector<int64_t>{-1}), MakeAttribute("keepdims", int64_t{1})});
}

/// LayerNormalization is an operator from set 17 on only.
Value layer_norm(GraphBuilder& net, const std::string& name, const Value& x) {
  const Value centred = net.node("Sub", {x, mean(net, x)}, x.channels);
  const Value variance = mean(net, net.node("Pow", {centred, net.scalar(2)}, x.channels));
  const Value deviation = net.map("Sqrt", net.add(variance, net.scalar(1e-6F)));
  const Value normal = net.node("Div", {centred, deviation}, x.channels);
  return net.add(net.multiply(normal, net.weights(name + ".scale", {x.channels})),
                 net.weights(name + ".bias", {x.channels}));
}

/// x (1 + erf(x / sqrt 2)) / 2.
Value gelu(GraphBuilder& net, const Value& x) {
  const Value scaled = net.node("Div", {x, net.scalar(std::sqrt(2.0F))}, x.channels);
  const Value raised = net.add(net.map("Erf", scaled), net.scalar(1));
  return net.multiply(net.multiply(x, raised), net.scalar(0.5F));
}

/// Multi-head self-attention: appendix A.
Value attention(GraphBuilder& net, const std::string& name, const Value& x) {
  constexpr int64_t positions = patches + 1;
  const auto project = [&](const std::string& part, const std::vector<int64_t>& order, int64_t last) {
    const Value all = net.linear(name + "." + part, x, features);
    return net.transpose(net.reshape(all, {0, 0, heads, head_features}, head_features), order, last);
  };
  const Value query = project("query", {0, 2, 1, 3}, head_features);
  const Value key = project("key", {0, 2, 3, 1}, positions);
  const Value value = project("value", {0, 2, 1, 3}, head_features);
  const Value scores = net.matmul(name + ".scores", query, key);
  const Value scaled = net.multiply(scores, net.scalar(1 / std::sqrt(static_cast<float>(head_features))));
  const Value shares = net.node("Softmax", {scaled}, positions, {MakeAttribute("axis", int64_t{-1})});
  const Value mixed = net.matmul(name + ".mixed", shares, value);
  const Value joined =
      net.reshape(net.transpose(mixed, {0, 2, 1, 3}, head_features), {0, 0, features}, features);
  return net.linear(name + ".output", joined, features);
}

/// Equations 2 and 3.
Value encoder_block(GraphBuilder& net, const std::string& name, Value x) {
  x = net.add(x, attention(net, name, layer_norm(net, name + ".norm1", x)));
  const Value hidden =
      gelu(net, net.linear(name + ".mlp1", layer_norm(net, name + ".norm2", x), 4 * features));
  return net.add(x, net.linear(name + ".mlp2", hidden, features));
}

/// Equation 1: the patches of an image as a sequence, with the class token before them.
Value embed(GraphBuilder& net) {
  const Value grid = net.conv("patches", net.image(), {features, valid(patch_side, patch_side)});
  const Value sequence =
      net.transpose(net.reshape(grid, {0, features, patches}, patches), {0, 2, 1}, features);
  // One token for each image, however many there are.
  const Value images = net.node("Gather", {net.map("Shape", net.image()), net.integers({0})}, 1);
  const Value target =
      net.node("Concat", {images, net.integers({1, features})}, 3, {MakeAttribute("axis", int64_t{0})});
  const Value token = net.node("Expand", {net.weights("class_token", {1, 1, features}), target}, features);
  const Value tokens = net.node("Concat", {token, sequence}, features, {MakeAttribute("axis", int64_t{1})});
  return net.add(tokens, net.weights("position_embedding", {1, patches + 1, features}));
}

}  // namespace

onnx::ModelProto vit_b16() {
  GraphBuilder net("vit_b16", image_side);
  Value x = embed(net);
  for (int block = 1; block <= 12; ++block) {
    x = encoder_block(net, "block" + std::to_string(block), x);
  }
  x = layer_norm(net, "norm", x);
  x = net.node("Gather", {x, net.integers({0})}, features, {MakeAttribute("axis", int64_t{1})});
  return net.finish(net.gemm("head", net.flatten(x, features), 1000));
}

}  // namespace zoo
