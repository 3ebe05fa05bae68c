#include "workflow/followers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "network/graph_builder.h"

namespace mj {
namespace {

const Shape maps{1, 4, 8, 8};

/// Conv a (of x), conv b (of a), whose weights, like all constants, count 1, 2, 3, ...
GraphBuilder two_layers() {
  GraphBuilder graph;
  graph.input("x", {1, 4, 8, 8}).constant("wa", {4, 4, 1, 1}).constant("wb", {4, 4, 1, 1});
  return graph.node("Conv", {"x", "wa"}, "a", maps).node("Conv", {"a", "wb"}, "b", maps);
}

GraphBuilder& batch_norm(GraphBuilder& graph, const std::string& from) {
  for (const char* name : {"gain", "shift", "mean", "variance"}) {
    graph.constant(name, {4});
  }
  return graph.node("BatchNormalization", {from, "gain", "shift", "mean", "variance"}, "n", maps,
                    {{"epsilon", 0.0F}});
}

TEST(UnitFollowers, AnAdditionIsFoundOnEitherSide) {
  for (const bool is_first : {true, false}) {
    GraphBuilder graph = two_layers();
    graph
        .node("Add", is_first ? std::vector<std::string>{"b", "a"} : std::vector<std::string>{"a", "b"}, "s",
              maps)
        .output("s");
    const Network network = graph.build();
    const auto found = addition_behind(network, 1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->addend, "a");
    EXPECT_EQ(found->scale, std::vector<double>(4, 1));
    EXPECT_FALSE(addition_behind(network, 0)) << "two nodes read it";
  }
}

// Gain i over the root of variance i, without epsilon.
TEST(UnitFollowers, ABatchNormScalesWhatIsAdded) {
  GraphBuilder graph = two_layers();
  batch_norm(graph, "b").node("Add", {"n", "a"}, "s", maps).output("s");
  const auto found = addition_behind(graph.build(), 1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->addend, "a");
  ASSERT_EQ(found->scale.size(), 4U);
  for (int i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(found->scale[static_cast<std::size_t>(i)], std::sqrt(i + 1.0));
  }
}

// Of a and b, both of x: b's error cannot be known when a is pruned.
TEST(UnitFollowers, TheAddendIsThereBeforeTheLayer) {
  GraphBuilder graph;
  graph.input("x", {1, 4, 8, 8}).constant("wa", {4, 4, 1, 1}).constant("wb", {4, 4, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", maps).node("Conv", {"x", "wb"}, "b", maps);
  const Network network = graph.node("Add", {"a", "b"}, "s", maps).output("s").build();
  EXPECT_FALSE(addition_behind(network, 0));
  ASSERT_TRUE(addition_behind(network, 1));
  EXPECT_EQ(addition_behind(network, 1)->addend, "a");
}

TEST(UnitFollowers, WhatIsNoAdditionOfEqualShapesIsNone) {
  GraphBuilder pooled = two_layers();
  pooled.node("GlobalAveragePool", {"a"}, "p", {1, 4, 1, 1}).node("Add", {"b", "p"}, "s", maps);
  EXPECT_FALSE(addition_behind(pooled.output("s").build(), 1)) << "another shape";
  GraphBuilder active = two_layers();
  active.node("Relu", {"b"}, "r", maps).node("Add", {"r", "a"}, "s", maps);
  EXPECT_FALSE(addition_behind(active.output("s").build(), 1)) << "behind a ReLU";
  GraphBuilder product = two_layers();
  EXPECT_FALSE(addition_behind(product.node("Mul", {"b", "a"}, "s", maps).output("s").build(), 1));
  GraphBuilder seen = two_layers();
  seen.node("Add", {"b", "a"}, "s", maps).output("s").output("b");
  EXPECT_FALSE(addition_behind(seen.build(), 1)) << "the network's output";
}

TEST(UnitFollowers, ABatchNormsMeanTakesUpALayersBias) {
  GraphBuilder graph = two_layers();
  const Network network = batch_norm(graph, "b").output("n").build();
  EXPECT_EQ(batch_norm_mean_of(network, "b"), "mean");
  EXPECT_EQ(batch_norm_mean_of(network, "a"), "") << "a convolution reads it";
  EXPECT_EQ(batch_norm_mean_of(network, "n"), "") << "nothing reads it";
  EXPECT_EQ(batch_norm_mean_of(graph.node("Relu", {"b"}, "r", maps).output("r").build(), "b"), "")
      << "a ReLU reads it too";
  Network computed = network;
  computed.constants.erase("mean");
  EXPECT_EQ(batch_norm_mean_of(computed, "b"), "") << "the mean is no constant";
}

}  // namespace
}  // namespace mj
