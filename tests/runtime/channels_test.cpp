#include "network/channels.h"

#include <gtest/gtest.h>

#include "onnx/onnx_file.h"
#include "residual_network.h"

namespace mj {
namespace {

/// A convolution of 1 x 1 over maps of 4 x 4.
void convolution(TinyNetwork& tiny, const std::string& from, const std::string& to, int64_t outputs,
                 int64_t inputs, int64_t groups, uint64_t seed) {
  const auto size = static_cast<std::size_t>(outputs * inputs / groups);
  tiny.constant("w_" + to, {outputs, inputs / groups, 1, 1}, random_values(size, seed));
  tiny.constant("b_" + to, {outputs}, random_values(static_cast<std::size_t>(outputs), seed + 1));
  tiny.node("Conv", {from, "w_" + to, "b_" + to}, to, {1, outputs, 4, 4}, {{"group", groups}});
}

/// Every way in which channels go through a network: a batch norm and slopes, a depthwise layer, a sum, a
/// gate, a concatenation, and a reshape to rows whose length stands in the graph.
Network many_ways() {
  TinyNetwork tiny;
  const Shape six{1, 6, 4, 4};
  const TinyNetwork::Attributes same{{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  tiny.input("x", {-1, 3, 4, 4});
  convolution(tiny, "x", "y0", 6, 3, 1, 1);
  batch_norm(tiny, "y0", "n0", 6, six, 10);
  tiny.constant("slopes", {6, 1, 1}, random_values(6, 20)).node("PRelu", {"n0", "slopes"}, "a0", six);
  tiny.constant("wd", {6, 1, 3, 3}, random_values(54, 21)).constant("bd", {6}, random_values(6, 22));
  tiny.node("Conv", {"a0", "wd", "bd"}, "d", six, {{"pads", same.at("pads")}, {"group", int64_t{6}}});
  convolution(tiny, "d", "y1", 6, 6, 1, 30);
  tiny.node("Add", {"y1", "a0"}, "sum", six).node("GlobalAveragePool", {"sum"}, "mean", {1, 6, 1, 1});
  tiny.node("Sigmoid", {"mean"}, "gate", {1, 6, 1, 1}).node("Mul", {"sum", "gate"}, "gated", six);
  convolution(tiny, "gated", "y2", 4, 6, 1, 40);
  tiny.node("Relu", {"y2"}, "a2", {1, 4, 4, 4});
  tiny.node("Concat", {"a2", "gated"}, "all", {1, 10, 4, 4}, {{"axis", int64_t{1}}});
  convolution(tiny, "all", "y3", 5, 10, 1, 50);
  tiny.node("Relu", {"y3"}, "a3", {1, 5, 4, 4}).integers("rows", {-1, 80});
  tiny.node("Reshape", {"a3", "rows"}, "flat", {1, 80});
  tiny.constant("wf", {80, 3}, random_values(240, 60)).constant("bf", {3}, random_values(3, 61));
  tiny.node("Gemm", {"flat", "wf", "bf"}, "out", {1, 3});
  return tiny.build({"out"});
}

/// Ways in which several go together: convolutions of few groups, of many, each behind the other, a gate that
/// a reshape brings to the maps, and rows of pixels.
Network ways_together() {
  TinyNetwork tiny;
  tiny.input("x", {-1, 3, 4, 4});
  convolution(tiny, "x", "y0", 12, 3, 1, 1);
  tiny.node("Relu", {"y0"}, "a0", {1, 12, 4, 4});
  convolution(tiny, "a0", "y1", 6, 12, 2, 10);
  tiny.node("Relu", {"y1"}, "a1", {1, 6, 4, 4});
  convolution(tiny, "a1", "y2", 8, 6, 1, 20);
  tiny.node("Relu", {"y2"}, "a2", {1, 8, 4, 4});
  convolution(tiny, "a2", "y3", 16, 8, 4, 30);
  tiny.node("GlobalAveragePool", {"y3"}, "mean", {1, 16, 1, 1}).node("Flatten", {"mean"}, "row", {1, 16});
  tiny.constant("ws", {16, 16}, random_values(256, 40)).integers("maps", {-1, 16, 1, 1});
  tiny.node("MatMul", {"row", "ws"}, "s", {1, 16}).node("Reshape", {"s", "maps"}, "gate", {1, 16, 1, 1});
  tiny.node("Mul", {"y3", "gate"}, "gated", {1, 16, 4, 4});
  convolution(tiny, "gated", "z3", 20, 16, 1, 70);
  convolution(tiny, "z3", "w3", 20, 20, 10, 80);
  convolution(tiny, "w3", "y4", 5, 20, 1, 50);
  tiny.node("Transpose", {"y4"}, "last", {1, 4, 4, 5}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  tiny.node("Relu", {"last"}, "a4", {1, 4, 4, 5}).integers("rows", {-1, 80});
  tiny.node("Reshape", {"a4", "rows"}, "flat", {1, 80});
  tiny.constant("wf", {80, 3}, random_values(240, 60)).node("MatMul", {"flat", "wf"}, "out", {1, 3});
  return tiny.build({"out"});
}

/// Sums whose terms end at different places: a concatenation of 4 and 6 channels, a border of 2 and 3
/// channels around 5, and a convolution's 10.
Network sums_of_parts() {
  TinyNetwork tiny;
  const Shape ten{1, 10, 4, 4};
  tiny.input("x", {-1, 3, 4, 4});
  convolution(tiny, "x", "a", 4, 3, 1, 1);
  convolution(tiny, "x", "b", 6, 3, 1, 2);
  tiny.node("Concat", {"a", "b"}, "ab", ten, {{"axis", int64_t{1}}});
  convolution(tiny, "x", "c", 10, 3, 1, 3);
  tiny.node("Add", {"ab", "c"}, "s", ten).node("Relu", {"s"}, "r", ten);
  convolution(tiny, "x", "d", 5, 3, 1, 4);
  tiny.integers("pads", {0, 2, 0, 0, 0, 3, 0, 0}).constant("zero", {}, {0});
  tiny.node("Pad", {"d", "pads", "zero"}, "p", ten).node("Add", {"r", "p"}, "t", ten);
  convolution(tiny, "t", "out", 3, 10, 1, 5);
  return tiny.build({"out"});
}

/// A channel that nothing reads can be zeroed or taken out: the network gives the same.
/// @return the network without two channels of each group, one where there are two
Network expect_the_same_without_channels(Network network, const std::vector<ChannelGroup>& groups) {
  std::vector<std::vector<int64_t>> removed;
  for (const ChannelGroup& group : groups) {
    removed.push_back(group.channels > 2 ? std::vector<int64_t>{0, group.channels - 2}
                                         : std::vector<int64_t>{1});
    clear_channels(network, group, removed.back());
  }
  EXPECT_EQ(unread_channels(network, groups), removed);
  Network smaller = without_channels(network, groups, removed);
  infer_shapes(smaller);
  const Tensor images{.type = ElementType::float32, .shape = {2, 3, 4, 4}, .floats = random_values(96, 70)};
  const Tensor before = open_session(network, {})->run({images}).at(0);
  const Tensor after = open_session(smaller, {})->run({images}).at(0);
  EXPECT_EQ(before.shape, after.shape);
  for (std::size_t i = 0; i < before.floats.size(); ++i) {
    EXPECT_NEAR(before.floats[i], after.floats[i], 1e-4 * (1 + std::abs(before.floats[i])));
  }
  return smaller;
}

TEST(PropertyChannels, WithoutUnreadChannelsANetworkGivesTheSame) {
  const Network network = many_ways();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 3U) << "of y0, d, y1 and all that is added to them; y2; y3";
  const Network smaller = expect_the_same_without_channels(network, groups);
  EXPECT_EQ(weight_count(smaller.layers[0].shape), 4 * 3);
  EXPECT_EQ(smaller.layers[1].shape.groups, 4);
  EXPECT_EQ(smaller.constants.at("rows").integers[1], 48);
}

// Six pairs of y0, three pairs of y1, four of y2 with four each of y3 whose gate goes with them, ten of z3
// with two each of w3, five of y4.
TEST(PropertyChannels, ChannelsThatGoTogetherMayGo) {
  const Network network = ways_together();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 5U);
  const Network smaller = expect_the_same_without_channels(network, groups);
  EXPECT_EQ(smaller.constants.at("w_y0").shape[0], 8);
  EXPECT_EQ(smaller.constants.at("w_y1").shape, (Shape{2, 4, 1, 1}));
  EXPECT_EQ(smaller.layers[3].shape.groups, 2);
  EXPECT_EQ(smaller.constants.at("maps").integers[1], 8);
  EXPECT_EQ(smaller.constants.at("rows").integers[1], 48);
}

// Channels 0 and 1 stand in front of the border, 2 and 3 end with a's, 4 to 6 with d's, 7 to 9 behind it.
TEST(PropertyChannels, SumsSplitThemWhereTheirTermsEnd) {
  const Network network = sums_of_parts();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 4U);
  const Network smaller = expect_the_same_without_channels(network, groups);
  EXPECT_EQ(smaller.constants.at("pads").integers, (std::vector<int64_t>{0, 1, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(smaller.constants.at("w_a").shape[0], 2);
  EXPECT_EQ(smaller.constants.at("w_b").shape[0], 2);
  EXPECT_EQ(smaller.constants.at("w_d").shape[0], 2);
  EXPECT_EQ(smaller.constants.at("w_c").shape[0], 4);
}

}  // namespace
}  // namespace mj
