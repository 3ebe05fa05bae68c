#include "network/channels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph_builder.h"
#include "network/channel_ties.h"
#include "network/weights.h"

namespace mj {
namespace {

constexpr int64_t row_major = 1;

std::vector<std::size_t> givers_of(const ChannelGroup& group) {
  std::vector<std::size_t> layers;
  std::transform(group.givers.begin(), group.givers.end(), std::back_inserter(layers),
                 [](const LayerChannels& giver) { return giver.layer; });
  return layers;
}

/// Conv a (3 -> 4), ReLU, conv b (4 -> 5), whose output is the network's.
GraphBuilder two_convolutions() {
  GraphBuilder graph;
  graph.input("x", {1, 3, 8, 8})
      .constant("wa", {4, 3, 1, 1})
      .constant("ba", {4})
      .constant("wb", {5, 4, 1, 1});
  graph.node("Conv", {"x", "wa", "ba"}, "a", {1, 4, 8, 8}, {}, "a").node("Relu", {"a"}, "r", {1, 4, 8, 8});
  return graph.node("Conv", {"r", "wb"}, "b", {1, 5, 8, 8}, {}, "b").output("b");
}

TEST(UnitChannels, WhatReachesAnOutputStays) {
  const auto groups = find_channel_groups(two_convolutions().build());
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].channels, 4);
  EXPECT_EQ(givers_of(groups[0]), std::vector<std::size_t>{0});
  ASSERT_EQ(groups[0].readers.size(), 1U);
  EXPECT_EQ(groups[0].readers[0].layer, 1U);
  EXPECT_EQ(groups[0].places.size(), 3U);  // wa, ba, wb
}

TEST(UnitChannels, WithoutAChannelItsPlacesAreGone) {
  const Network network = two_convolutions().build();
  const auto groups = find_channel_groups(network);
  const Network smaller = without_channels(network, groups, {{1, 3}});
  // Constants count from 1 in memory's order.
  EXPECT_EQ(smaller.constants.at("wa").shape, (Shape{2, 3, 1, 1}));
  EXPECT_EQ(smaller.constants.at("wa").floats, (std::vector<float>{1, 2, 3, 7, 8, 9}));
  EXPECT_EQ(smaller.constants.at("ba").floats, (std::vector<float>{1, 3}));
  EXPECT_EQ(smaller.constants.at("wb").shape, (Shape{5, 2, 1, 1}));
  EXPECT_EQ(smaller.constants.at("wb").floats, (std::vector<float>{1, 3, 5, 7, 9, 11, 13, 15, 17, 19}));
}

TEST(UnitChannels, ClearedChannelsAreUnread) {
  Network network = two_convolutions().build();
  const auto groups = find_channel_groups(network);
  EXPECT_TRUE(unread_channels(network, groups)[0].empty());
  clear_channels(network, groups[0], {0, 2});
  EXPECT_EQ(unread_channels(network, groups)[0], (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(count_nonzeros(weight_matrix(network, network.layers[0])), 6);
  clear_channels(network, groups[0], {1, 3});
  EXPECT_EQ(unread_channels(network, groups)[0].size(), 3U) << "one channel stays";
}

// Conv a, a filter for each of its channels, conv b.
TEST(UnitChannels, AClearedChannelsOwnFilterIsClearedToo) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wd", {4, 1, 3, 3});
  graph.constant("wb", {5, 4, 1, 1}).node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8});
  graph.node("Conv", {"a", "wd"}, "d", {1, 4, 6, 6}, {{"group", int64_t{4}}});
  Network network = graph.node("Conv", {"d", "wb"}, "b", {1, 5, 6, 6}).output("b").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 1U);
  ASSERT_EQ(groups[0].grouped, std::vector<std::size_t>{1});
  clear_channels(network, groups[0], {0, 2});
  const Matrix filters = weight_matrix(network, network.layers[1]);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(std::count(filters.row(i), filters.row(i) + 9, 0.0F), i % 2 == 0 ? 9 : 0) << i;
  }
}

TEST(UnitChannels, ASumTiesItsTermsTogether) {
  for (const char* op : {"Add", "Sum"}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {4, 3, 1, 1});
    graph.constant("wc", {2, 4, 1, 1});
    graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8}).node("Conv", {"x", "wb"}, "b", {1, 4, 8, 8});
    graph.node(op, {"a", "b"}, "s", {1, 4, 8, 8}).node("Conv", {"s", "wc"}, "c", {1, 2, 8, 8});
    const auto groups = find_channel_groups(graph.output("c").build());
    ASSERT_EQ(groups.size(), 1U) << op;
    EXPECT_EQ(givers_of(groups[0]), (std::vector<std::size_t>{0, 1})) << op;
  }
}

// A concatenation of 2 and 4 channels, and a convolution's 6.
TEST(UnitChannels, ASumSplitsGroupsWhereItsTermsEnd) {
  GraphBuilder graph;
  const Shape map{1, 6, 4, 4};
  graph.input("x", {1, 1, 4, 4}).constant("wa", {2, 1, 1, 1}).constant("wb", {4, 1, 1, 1});
  graph.constant("wc", {6, 1, 1, 1}).constant("wo", {1, 6, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 2, 4, 4}).node("Conv", {"x", "wb"}, "b", {1, 4, 4, 4});
  graph.node("Conv", {"x", "wc"}, "c", map);
  graph.node("Concat", {"a", "b"}, "ab", map, {{"axis", int64_t{1}}}).node("Add", {"ab", "c"}, "s", map);
  graph.node("Conv", {"s", "wo"}, "o", {1, 1, 4, 4}).output("o");
  const Network network = graph.build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].channels, 2);
  EXPECT_EQ(givers_of(groups[0]), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(givers_of(groups[1]), (std::vector<std::size_t>{1, 2}));
  const Network smaller = without_channels(network, groups, {{1}, {0, 2}});
  EXPECT_EQ(smaller.constants.at("wa").floats, std::vector<float>{1});
  EXPECT_EQ(smaller.constants.at("wb").floats, (std::vector<float>{2, 4}));
  EXPECT_EQ(smaller.constants.at("wc").floats, (std::vector<float>{1, 4, 6}));
  EXPECT_EQ(smaller.constants.at("wo").floats, (std::vector<float>{1, 4, 6}));
}

// A shortcut that gets wider by a channel in front and two behind. What stands in front may go, and the
// border gets smaller by it.
TEST(UnitChannels, ABorderOfChannelsGoesWithThem) {
  for (const bool is_constant : {true, false}) {
    GraphBuilder graph;
    const Shape wide{1, 5, 4, 4};
    graph.input("x", {1, 1, 4, 4}).constant("wa", {2, 1, 1, 1}).constant("wb", {5, 2, 1, 1});
    graph.constant("wo", {1, 5, 1, 1}).node("Conv", {"x", "wa"}, "a", {1, 2, 4, 4});
    graph.node("Conv", {"a", "wb"}, "b", wide);
    const std::vector<int64_t> pads{0, 1, 0, 0, 0, 2, 0, 0};
    const std::vector<std::string> operands{"a", "pads"};
    graph.node("Pad", {operands.begin(), operands.begin() + (is_constant ? 2 : 1)}, "p", wide,
               is_constant ? GraphBuilder::Attributes{} : GraphBuilder::Attributes{{"pads", pads}});
    graph.node("Add", {"b", "p"}, "s", wide).node("Conv", {"s", "wo"}, "o", {1, 1, 4, 4}).output("o");
    Network network = graph.build();
    if (is_constant) {
      network.constants["pads"] = {.type = ElementType::int64, .shape = {8}, .integers = pads};
    }
    const auto groups = find_channel_groups(network);
    // One channel alone stays: no group. An attribute stays as it is.
    ASSERT_EQ(groups.size(), is_constant ? 2U : 1U);
    for (const ChannelGroup& group : groups) {
      const bool is_border = givers_of(group) == std::vector<std::size_t>{1};
      const Network smaller = without_channels(network, {group}, {{1}});
      EXPECT_EQ(smaller.constants.at("wa").floats.size(), is_border ? 2U : 1U);
      EXPECT_EQ(smaller.constants.at("wo").floats,
                is_border ? (std::vector<float>{1, 2, 3, 4}) : (std::vector<float>{1, 2, 4, 5}));
      if (is_constant) {
        EXPECT_EQ(smaller.constants.at("pads").integers[5], is_border ? 1 : 2);
      }
    }
  }
}

/// Conv a (3 -> 4), a node, conv b (4 -> 5).
std::size_t groups_around(const std::string& op, const GraphBuilder::Attributes& attributes,
                          const Shape& given) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8}).node(op, {"a"}, "r", given, attributes);
  graph.node("Conv", {"r", "wb"}, "b", {1, 5, given[2], given[3]}).output("b");
  return find_channel_groups(graph.build()).size();
}

TEST(UnitChannels, APartOfAMapOrABorderLeavesThem) {
  using List = std::vector<int64_t>;
  EXPECT_EQ(groups_around("Pad", {{"pads", List{0, 0, 1, 1, 0, 0, 0, 1}}}, {1, 4, 9, 10}), 1U);
  EXPECT_EQ(groups_around("Pad", {{"pads", List{0, 1, 1, 1, 0, -1, 1, 1}}}, {1, 4, 10, 10}), 0U);
  const auto slice = [](const List& axes) {
    return GraphBuilder::Attributes{{"axes", axes}, {"starts", List{0, 0}}, {"ends", List{4, 4}}};
  };
  EXPECT_EQ(groups_around("Slice", slice({2, 3}), {1, 4, 4, 4}), 1U);
  EXPECT_EQ(groups_around("Slice", slice({-1, -2}), {1, 4, 4, 4}), 1U);
  EXPECT_EQ(groups_around("Slice", slice({1, 2}), {1, 4, 4, 8}), 0U);
}

// Squeeze-excitation (Hu, Shen, Sun, CVPR 2018) with matrix products: what scales the channels has as many.
TEST(UnitChannels, AxesAddedBehindThemLeaveThem) {
  for (const std::vector<int64_t>& axes : {std::vector<int64_t>{2, 3}, std::vector<int64_t>{-2, -1}}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 4, 4}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
    graph.constant("down", {2, 4}).constant("up", {4, 2}).node("Conv", {"x", "wa"}, "a", {1, 4, 4, 4});
    graph.node("GlobalAveragePool", {"a"}, "p", {1, 4, 1, 1}).node("Flatten", {"p"}, "f", {1, 4});
    graph.node("Gemm", {"f", "down"}, "d", {1, 2}, {{"transB", row_major}});
    graph.node("Gemm", {"d", "up"}, "u", {1, 4}, {{"transB", row_major}}).node("Sigmoid", {"u"}, "s", {1, 4});
    graph.node("Unsqueeze", {"s"}, "e", {1, 4, 1, 1}, {{"axes", axes}})
        .node("Mul", {"a", "e"}, "m", {1, 4, 4, 4});
    graph.node("Conv", {"m", "wb"}, "b", {1, 5, 4, 4}).output("b");
    const auto groups = find_channel_groups(graph.build());
    ASSERT_EQ(groups.size(), 2U);  // The maps' and the two between the products.
    EXPECT_EQ(givers_of(groups[0]), (std::vector<std::size_t>{0, 2}));
  }
}

// A scale for each channel, as some exporters write a batch norm.
TEST(UnitChannels, AConstantMayBeMadeToFitThem) {
  for (const int64_t axis : {0, 1}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 4, 4}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
    graph.constant("scale", {4}).node("Conv", {"x", "wa"}, "a", {1, 4, 4, 4});
    graph.node("Unsqueeze", {"scale"}, "u", axis == 0 ? Shape{4, 1, 1} : Shape{1, 4, 1});
    graph.node("Mul", {"a", "u"}, "m", {1, 4, 4, 4});
    graph.node("Conv", {"m", "wb"}, "b", {1, 5, 4, 4}).output("b");
    const Network network = graph.build();
    const auto groups = find_channel_groups(network);
    ASSERT_EQ(groups.size(), axis == 0 ? 1U : 0U);
    if (axis == 0) {
      EXPECT_EQ(without_channels(network, groups, {{1}}).constants.at("scale").floats,
                (std::vector<float>{1, 3, 4}));
    }
  }
}

// As PyTorch writes x.view(x.size(0), -1).
TEST(UnitChannels, AFlatteningByAComputedShapeLetsThemGo) {
  for (const int64_t axis : {0, 1}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 2, 2}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 16});
    graph.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 2}).node("Shape", {"a"}, "sizes", {4});
    graph.node("Gather", {"sizes", "axis"}, "images", {1});
    graph.node("Concat", {"images", "rest"}, "target", {2}, {{"axis", int64_t{0}}});
    graph.node("Reshape", {"a", "target"}, "f", {1, 16});
    graph.node("Gemm", {"f", "wb"}, "b", {1, 5}, {{"transB", row_major}}).output("b");
    Network network = graph.build();
    network.constants["axis"] = {ElementType::int64, {1}, {}, {axis}};
    network.constants["rest"] = {ElementType::int64, {1}, {}, {-1}};
    EXPECT_EQ(find_channel_groups(network).size(), axis == 0 ? 1U : 0U);
  }
}

TEST(UnitChannels, AConcatenationKeepsItsPartsApart) {
  for (const int64_t axis : {1, -3}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {2, 3, 1, 1});
    graph.constant("wc", {2, 6, 1, 1});
    graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8}).node("Conv", {"x", "wb"}, "b", {1, 2, 8, 8});
    graph.node("Concat", {"a", "b"}, "s", {1, 6, 8, 8}, {{"axis", axis}});
    graph.node("Conv", {"s", "wc"}, "c", {1, 2, 8, 8});
    const auto groups = find_channel_groups(graph.output("c").build());
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].readers[0].first, 0);
    EXPECT_EQ(groups[1].readers[0].first, 4);
  }
}

TEST(UnitChannels, FlattenedChannelsAreBlocksOfColumns) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 2, 2}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 16});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 2}).node("Flatten", {"a"}, "f", {1, 16});
  graph.node("Gemm", {"f", "wb"}, "b", {1, 5}, {{"transB", row_major}});
  const Network network = graph.output("b").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].readers[0].repeat, 4);
  EXPECT_EQ(without_channels(network, groups, {{0}}).constants.at("wb").shape, (Shape{5, 12}));
}

TEST(UnitChannels, ADepthwiseLayerLosesGroups) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wd", {4, 1, 3, 3});
  graph.constant("wb", {2, 4, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8});
  graph.node("Conv", {"a", "wd"}, "d", {1, 4, 6, 6}, {{"group", int64_t{4}}});
  graph.node("Conv", {"d", "wb"}, "b", {1, 2, 6, 6});
  const Network network = graph.output("b").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].grouped, std::vector<std::size_t>{1});
  const Network smaller = without_channels(network, groups, {{2}});
  EXPECT_EQ(smaller.constants.at("wd").shape, (Shape{3, 1, 3, 3}));
  EXPECT_EQ(*find_attribute<int64_t>(smaller.nodes[1], "group"), 3);
}

// AlexNet's (Krizhevsky, Sutskever, Hinton, NIPS 2012): a channel of each group goes. Of 6 the second group
// has 3, 4, 5; channel 1 of each group is channels 1 and 4.
TEST(UnitChannels, FewGroupsLoseAChannelEach) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 4, 4})
      .constant("wa", {6, 3, 1, 1})
      .constant("wg", {8, 3, 1, 1})
      .constant("bg", {8});
  graph.constant("wb", {2, 8, 1, 1}).node("Conv", {"x", "wa"}, "a", {1, 6, 4, 4});
  graph.node("Conv", {"a", "wg", "bg"}, "g", {1, 8, 4, 4}, {{"group", int64_t{2}}});
  Network network = graph.node("Conv", {"g", "wb"}, "b", {1, 2, 4, 4}).output("b").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].channels, 3);
  EXPECT_EQ(groups[1].channels, 4);
  const Network smaller = without_channels(network, groups, {{1}, {0, 3}});
  EXPECT_EQ(smaller.constants.at("wa").floats,
            (std::vector<float>{1, 2, 3, 7, 8, 9, 10, 11, 12, 16, 17, 18}));
  EXPECT_EQ(smaller.constants.at("wg").shape, (Shape{4, 2, 1, 1}));
  EXPECT_EQ(smaller.constants.at("wg").floats, (std::vector<float>{4, 6, 7, 9, 16, 18, 19, 21}));
  EXPECT_EQ(smaller.constants.at("bg").floats, (std::vector<float>{2, 3, 6, 7}));
  EXPECT_EQ(smaller.constants.at("wb").floats, (std::vector<float>{2, 3, 6, 7, 10, 11, 14, 15}));
  EXPECT_EQ(*find_attribute<int64_t>(smaller.nodes[1], "group"), 2);
  const auto kept = kept_channels(network, groups, {{1}, {0, 3}});
  EXPECT_EQ(kept[0].outputs, (std::vector<bool>{true, false, true, true, false, true}));
  EXPECT_EQ(kept[1].inputs, kept[0].outputs);
  clear_channels(network, groups[0], {1});
  EXPECT_EQ(unread_channels(network, groups), (std::vector<std::vector<int64_t>>{{1}, {}}));
  // A column of each of eight filters.
  EXPECT_EQ(count_nonzeros(weight_matrix(network, network.layers[1])), 16);
}

// The towers of a concatenation, 4 and 2 + 2 channels, are a convolution's two groups.
TEST(UnitChannels, GroupsMayReadTowers) {
  GraphBuilder graph;
  graph.input("x", {1, 1, 4, 4}).constant("wa", {4, 1, 1, 1}).constant("wb", {2, 1, 1, 1});
  graph.constant("wg", {4, 4, 1, 1}).constant("wo", {1, 4, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 4, 4}).node("Conv", {"x", "wb"}, "b", {1, 2, 4, 4});
  graph.node("Neg", {"b"}, "n", {1, 2, 4, 4});
  graph.node("Concat", {"a", "b", "n"}, "all", {1, 8, 4, 4}, {{"axis", int64_t{1}}});
  graph.node("Conv", {"all", "wg"}, "g", {1, 4, 4, 4}, {{"group", int64_t{2}}});
  const Network network = graph.node("Conv", {"g", "wo"}, "o", {1, 1, 4, 4}).output("o").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].channels, 2) << "channels 0 and 2 of a with 0 of b, 1 and 3 with 1";
  const Network smaller = without_channels(network, groups, {{0}, {}});
  EXPECT_EQ(smaller.constants.at("wa").floats, (std::vector<float>{2, 4}));
  EXPECT_EQ(smaller.constants.at("wb").floats, std::vector<float>{2});
  EXPECT_EQ(smaller.constants.at("wg").floats, (std::vector<float>{2, 4, 6, 8, 10, 12, 14, 16}));
}

TEST(UnitChannelTies, GroupsGetSmallerAndWider) {
  ChannelTies ties;
  const ChannelLayout twelve = ties.add(12);
  ASSERT_TRUE(ties.tie_neighbours(twelve, 2));
  ASSERT_EQ(ties.resolved(twelve).size(), 1U);
  EXPECT_EQ(ties.resolved(twelve)[0].repeat, 2);
  // Its six pairs are two and four of others, of which each channel stands for two.
  ChannelLayout halves = ties.add(4);
  const ChannelLayout others = ties.add(8);
  halves.push_back(others[0]);
  ASSERT_TRUE(ties.tie(twelve, halves));
  const auto found = ties.groups();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].group.channels, 2);
  EXPECT_EQ(found[1].group.channels, 4);
  EXPECT_EQ(ties.count(ties.resolved(twelve)), 12);
  EXPECT_FALSE(ties.tie(ties.add(3), twelve)) << "three are less than two pairs";
  EXPECT_FALSE(ties.tie_parts(ties.add(5), 2));
}

// ResNeXt's (Xie et al., CVPR 2017): two channels in, two out, of which there are four.
TEST(UnitChannels, ManyGroupsGoWhole) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 4, 4}).constant("wa", {8, 3, 1, 1}).constant("wg", {8, 2, 1, 1});
  graph.constant("wb", {2, 8, 1, 1}).node("Conv", {"x", "wa"}, "a", {1, 8, 4, 4});
  graph.node("Conv", {"a", "wg"}, "g", {1, 8, 4, 4}, {{"group", int64_t{4}}});
  Network network = graph.node("Conv", {"g", "wb"}, "b", {1, 2, 4, 4}).output("b").build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].channels, 4);
  EXPECT_EQ(groups[0].grouped, std::vector<std::size_t>{1});
  const Network smaller = without_channels(network, groups, {{0, 2}});
  EXPECT_EQ(smaller.constants.at("wa").shape, (Shape{4, 3, 1, 1}));
  EXPECT_EQ(smaller.constants.at("wg").floats, (std::vector<float>{5, 6, 7, 8, 13, 14, 15, 16}));
  EXPECT_EQ(smaller.constants.at("wb").floats, (std::vector<float>{3, 4, 7, 8, 11, 12, 15, 16}));
  EXPECT_EQ(*find_attribute<int64_t>(smaller.nodes[1], "group"), 2);
  const auto kept = kept_channels(network, groups, {{0, 2}});
  EXPECT_EQ(kept[1].inputs, (std::vector<bool>{false, false, true, true, false, false, true, true}));
  EXPECT_EQ(kept[1].outputs, kept[1].inputs);
  const ActivationStats stats{.images = 1, .layers = std::vector<LayerActivations>(3)};
  const LayerAlone alone = layer_alone(network, 1, stats, kept[1]);
  EXPECT_EQ(alone.network.layers[0].shape.groups, 2);
  EXPECT_EQ(alone.network.layers[0].shape.k, 2);
  EXPECT_EQ(weight_matrix(alone.network, alone.network.layers[0]).values, smaller.constants.at("wg").floats);
}

// As TensorFlow flattens: a map of 2 x 1 pixels, each with all channels.
TEST(UnitChannels, FlattenedPixelsHaveAChannelInEachOfThem) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 2, 1}).constant("wa", {4, 3, 1, 1}).constant("wb", {2, 8});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 1});
  graph.node("Transpose", {"a"}, "t", {1, 2, 1, 4}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  graph.node("Relu", {"t"}, "r", {1, 2, 1, 4}).node("Flatten", {"r"}, "f", {1, 8});
  graph.node("Gemm", {"f", "wb"}, "b", {1, 2}, {{"transB", row_major}}).output("b");
  const Network network = graph.build();
  const auto groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(without_channels(network, groups, {{1}}).constants.at("wb").floats,
            (std::vector<float>{1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16}));
}

// Pooling takes the last axis, which has them, for the columns of a map; rows of single pixels are no images.
TEST(UnitChannels, WhatMixesPixelsWithChannelsLastKeepsThem) {
  const auto groups_before = [](const std::string& op, const Shape& given,
                                const GraphBuilder::Attributes& attributes) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 2, 2}).constant("wa", {4, 3, 1, 1}).constant("wb", {2, given.back()});
    graph.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 2});
    graph.node("Transpose", {"a"}, "t", {1, 2, 2, 4}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    graph.node(op, {"t"}, "p", given, attributes);
    graph.node("Gemm", {"p", "wb"}, "b", {given[0], 2}, {{"transB", row_major}}).output("b");
    return find_channel_groups(graph.build()).size();
  };
  EXPECT_EQ(groups_before("Flatten", {1, 16}, {}), 1U);
  EXPECT_EQ(groups_before("Flatten", {2, 8}, {{"axis", int64_t{2}}}), 0U);
  GraphBuilder graph;
  graph.input("x", {1, 3, 2, 2}).constant("wa", {4, 3, 1, 1}).constant("wb", {2, 2});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 2});
  graph.node("Transpose", {"a"}, "t", {1, 2, 2, 4}, {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
  graph.node("GlobalAveragePool", {"t"}, "p", {1, 2, 1, 1}).node("Flatten", {"p"}, "f", {1, 2});
  graph.node("Gemm", {"f", "wb"}, "b", {1, 2}, {{"transB", row_major}}).output("b");
  EXPECT_TRUE(find_channel_groups(graph.build()).empty());
}

TEST(UnitChannels, TheNodeThatNeedsAllChannelsIsNamed) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8}).node("LRN", {"a"}, "n", {1, 4, 8, 8}, {}, "norm");
  graph.node("Conv", {"n", "wb"}, "b", {1, 5, 8, 8}).node("Softmax", {"b"}, "s", {1, 5, 8, 8}).output("s");
  const auto fixed = fixed_channels(graph.build());
  ASSERT_EQ(fixed.size(), 1U) << "what an output needs is no surprise";
  EXPECT_EQ(fixed[0].giver, 0U);
  EXPECT_EQ(fixed[0].reason.name, "norm");
  EXPECT_TRUE(fixed_channels(two_convolutions().build()).empty());
}

TEST(UnitChannels, WhatMixesChannelsOrIsSharedKeepsThem) {
  for (const char* op : {"LRN", "Softmax", "Unknown"}) {
    GraphBuilder graph;
    graph.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
    graph.node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8}).node(op, {"a"}, "r", {1, 4, 8, 8});
    graph.node("Conv", {"r", "wb"}, "b", {1, 5, 8, 8}).output("b");
    EXPECT_TRUE(find_channel_groups(graph.build()).empty()) << op;
  }
  GraphBuilder shared;
  shared.input("x", {1, 4, 8, 8}).constant("w", {4, 4, 1, 1}).constant("wb", {5, 4, 1, 1});
  shared.node("Conv", {"x", "w"}, "a", {1, 4, 8, 8}).node("Conv", {"a", "w"}, "b", {1, 4, 8, 8});
  shared.node("Conv", {"b", "wb"}, "c", {1, 5, 8, 8}).output("c");
  EXPECT_TRUE(find_channel_groups(shared.build()).empty());
}

// Before opset 7 an operand of one dimension may be aligned with the channels by an attribute, and a Reshape
// has its target in one: neither can follow channels that go.
TEST(UnitChannels, OperandsAlignedByAnAttributeKeepChannels) {
  GraphBuilder added;
  added.input("x", {1, 3, 8, 8}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
  added.constant("shift", {4}).node("Conv", {"x", "wa"}, "a", {1, 4, 8, 8});
  added.node("Add", {"a", "shift"}, "s", {1, 4, 8, 8}, {{"axis", int64_t{1}}, {"broadcast", int64_t{1}}});
  added.node("Conv", {"s", "wb"}, "b", {1, 5, 8, 8}).output("b");
  EXPECT_TRUE(find_channel_groups(added.build()).empty());
  GraphBuilder reshaped;
  reshaped.input("x", {1, 3, 2, 2}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 16});
  reshaped.node("Conv", {"x", "wa"}, "a", {1, 4, 2, 2});
  reshaped.node("Reshape", {"a"}, "f", {1, 16}, {{"shape", std::vector<int64_t>{1, 16}}});
  reshaped.node("Gemm", {"f", "wb"}, "b", {1, 5}, {{"transB", row_major}}).output("b");
  EXPECT_TRUE(find_channel_groups(reshaped.build()).empty());
}

// Later they are those of the last dimension.
TEST(UnitChannels, SlopesOfOneDimensionAreTheChannelsBeforeOpset7) {
  GraphBuilder graph;
  graph.input("x", {1, 3, 4, 4}).constant("wa", {4, 3, 1, 1}).constant("wb", {5, 4, 1, 1});
  graph.constant("slopes", {4}).node("Conv", {"x", "wa"}, "a", {1, 4, 4, 4});
  graph.node("PRelu", {"a", "slopes"}, "r", {1, 4, 4, 4}).node("Conv", {"r", "wb"}, "b", {1, 5, 4, 4});
  Network network = graph.output("b").build();
  for (const int64_t opset : {6, 7}) {
    network.opset = opset;
    const auto groups = find_channel_groups(network);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(without_channels(network, groups, {{1}}).constants.at("slopes").floats,
              opset == 6 ? (std::vector<float>{1, 3, 4}) : (std::vector<float>{1, 2, 3, 4}));
  }
}

TEST(UnitChannels, OneLayerAloneHasTheShapeOfWhatIsLeft) {
  const Network network = two_convolutions().build();
  const auto groups = find_channel_groups(network);
  ActivationStats stats{.images = 1, .layers = std::vector<LayerActivations>(2)};
  stats.layers[1].tap_nonzeros = {10, 20, 30, 40};
  stats.layers[1].input_channel_nonzeros = {1, 2, 3, 4};
  stats.layers[1].input_runs.overflow[0] = 8;
  const auto kept = kept_channels(network, groups, {{1}});
  const LayerAlone giver = layer_alone(network, 0, stats, kept[0]);
  EXPECT_EQ(giver.network.layers[0].shape.k, 3);
  EXPECT_EQ(weight_matrix(giver.network, giver.network.layers[0]).values,
            (std::vector<float>{1, 2, 3, 7, 8, 9, 10, 11, 12}));
  const LayerAlone reader = layer_alone(network, 1, stats, kept[1]);
  EXPECT_EQ(reader.network.layers[0].shape.c, 3);
  EXPECT_EQ(reader.stats.layers[0].tap_nonzeros, (std::vector<double>{10, 30, 40}));
  EXPECT_EQ(reader.stats.layers[0].input_channel_nonzeros, (std::vector<double>{1, 3, 4}));
  EXPECT_DOUBLE_EQ(reader.stats.layers[0].input_runs.overflow[0], 6);
}

}  // namespace
}  // namespace mj
