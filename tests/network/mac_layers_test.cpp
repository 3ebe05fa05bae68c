#include <gtest/gtest.h>

#include "base/error.h"
#include "network/graph_builder.h"
#include "network/network.h"

namespace {

const mj::Shape map{1, 4, 8, 8};

GraphBuilder two_convolutions() {
  GraphBuilder graph;
  graph.input("x", map)
      .constant("w", {4, 4, 1, 1})
      .node("Conv", {"x", "w"}, "a", map)
      .node("BatchNormalization", {"a", "s", "t", "m", "v"}, "n", map)
      .node("Relu", {"n"}, "r", map);
  return graph;
}

std::string stored(const GraphBuilder& graph) {
  return graph.build().layers.at(0).stored_output;
}

TEST(UnitMacLayers, StoreWhatBatchNormAndActivationMakeOfThem) {
  EXPECT_EQ(stored(two_convolutions()), "r");
  EXPECT_EQ(stored(two_convolutions().node("Clip", {"r", "", ""}, "c", map).node("Tanh", {"c"}, "t2", map)),
            "t2");
}

TEST(UnitMacLayers, StoreBeforeAnythingElse) {
  EXPECT_EQ(stored(two_convolutions().node("MaxPool", {"r"}, "p", {1, 4, 4, 4})), "r");
  EXPECT_EQ(stored(two_convolutions().node("Add", {"r", "x"}, "p", map)), "r");
  EXPECT_EQ(stored(two_convolutions().node("Concat", {"r", "r"}, "p", {1, 8, 8, 8})), "r");
  EXPECT_EQ(stored(two_convolutions().constant("b", {4, 1, 1}).node("Add", {"r", "b"}, "p", map)), "r");
}

TEST(UnitMacLayers, StoreAValueThatTwoReadOrThatLeavesTheNetwork) {
  EXPECT_EQ(stored(two_convolutions().node("Sigmoid", {"a"}, "e", map)), "a");
  EXPECT_EQ(stored(two_convolutions().output("n")), "n");
}

TEST(UnitMacLayers, KnowWhetherALayerStandsBeforeThem) {
  const mj::Network network = two_convolutions()
                                  .node("MaxPool", {"r"}, "p", map)
                                  .node("Conv", {"p", "w"}, "b", map)
                                  .node("Conv", {"x", "w"}, "c", map)
                                  .build();
  ASSERT_EQ(network.layers.size(), 3U);
  EXPECT_TRUE(network.layers[0].reads_network_input);
  EXPECT_FALSE(network.layers[1].reads_network_input);
  EXPECT_TRUE(network.layers[2].reads_network_input);
  EXPECT_EQ(network.layers[1].weights, "w");
  EXPECT_EQ(network.layers[2].node, 5U);  // behind a convolution, a norm, a Relu, a pooling, a convolution
}

TEST(UnitMacLayers, HaveTheirNodesNameOrOutputMadeUnique) {
  const mj::Network network = GraphBuilder()
                                  .input("x", map)
                                  .constant("w", {4, 4, 1, 1})
                                  .node("Conv", {"x", "w"}, "a", map, {}, "conv")
                                  .node("Conv", {"a", "w"}, "b", map, {}, "conv")
                                  .node("Conv", {"b", "w"}, "conv_2", map)
                                  .node("Conv", {"conv_2", "w"}, "c", map, {}, "conv")
                                  .node("Conv", {"c", "w"}, "d", map)
                                  .build();
  ASSERT_EQ(network.layers.size(), 5U);
  EXPECT_EQ(network.layers[0].name, "conv");
  EXPECT_EQ(network.layers[1].name, "conv_2");
  EXPECT_EQ(network.layers[2].name, "conv_2_2");
  EXPECT_EQ(network.layers[3].name, "conv_3");
  EXPECT_EQ(network.layers[4].name, "d");
}

TEST(UnitMacLayers, PassOverNodesOfOtherDomains) {
  mj::Network network = two_convolutions().network();
  network.nodes[0].domain = "com.example";
  mj::find_mac_layers(network);
  EXPECT_TRUE(network.layers.empty());
}

TEST(UnitMacLayers, GiveAttributesByTypeAndName) {
  const mj::Network network =
      GraphBuilder().input("x", map).node("LeakyRelu", {"x"}, "y", map, {{"alpha", 0.1F}}).network();
  EXPECT_FLOAT_EQ(*mj::find_attribute<float>(network.nodes[0], "alpha"), 0.1F);
  EXPECT_EQ(mj::find_attribute<int64_t>(network.nodes[0], "alpha"), nullptr);
  EXPECT_EQ(mj::find_attribute<float>(network.nodes[0], "beta"), nullptr);
}

}  // namespace
