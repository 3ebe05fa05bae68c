#include <gtest/gtest.h>

#include "network/graph_builder.h"
#include "network/network.h"

namespace {

TEST(UnitProductLayer, IsFullyConnectedForAGemm) {
  const mj::Network network =
      GraphBuilder()
          .input("x", {1, 9216})
          .constant("w", {4096, 9216})
          .constant("b", {4096})
          .node("Gemm", {"x", "w", "b"}, "y", {1, 4096}, {{"transB", int64_t{1}}}, "fc6")
          .build();
  const mj::MacLayer& layer = network.layers.at(0);
  EXPECT_EQ(layer.op, "Gemm");
  EXPECT_EQ(layer.layout, mj::WeightLayout::output_first);
  EXPECT_EQ(layer.bias, "b");
  EXPECT_EQ(layer.shape.k, 4096);
  EXPECT_EQ(layer.shape.c, 9216);
  EXPECT_EQ(layer.shape.p * layer.shape.q * layer.shape.r * layer.shape.s, 1);
  EXPECT_EQ(mj::mac_count(layer.shape), 4096 * 9216);
  EXPECT_EQ(mj::input_count(layer.shape), 9216);
}

TEST(UnitProductLayer, HasInputFirstWeightsWithoutTransB) {
  const mj::Network network = GraphBuilder()
                                  .input("x", {1, 20})
                                  .constant("w", {20, 10})
                                  .node("Gemm", {"x", "w"}, "y", {1, 10})
                                  .build();
  EXPECT_EQ(network.layers.at(0).layout, mj::WeightLayout::input_first);
  EXPECT_EQ(network.layers.at(0).shape.k, 10);
  EXPECT_EQ(network.layers.at(0).shape.c, 20);
}

TEST(UnitProductLayer, TakesABroadcastRowAsBiasAndNothingElse) {
  const auto bias = [](const mj::Shape& shape) {
    return GraphBuilder()
        .input("x", {1, 20})
        .constant("w", {20, 10})
        .constant("b", shape)
        .node("Gemm", {"x", "w", "b"}, "y", {1, 10})
        .build()
        .layers.at(0)
        .bias;
  };
  EXPECT_EQ(bias({10}), "b");
  EXPECT_EQ(bias({1, 10}), "b");
  EXPECT_EQ(bias({1}), "");
  EXPECT_EQ(bias({1, 1}), "");
}

// A transformer's projection of 197 tokens: all but batch and channels are positions.
TEST(UnitProductLayer, TakesTokensAsPositions) {
  const mj::Network network = GraphBuilder()
                                  .input("x", {1, 197, 768})
                                  .constant("w", {768, 3072})
                                  .constant("b", {3072})
                                  .node("MatMul", {"x", "w"}, "m", {1, 197, 3072})
                                  .node("Add", {"b", "m"}, "y", {1, 197, 3072})
                                  .build();
  const mj::MacLayer& layer = network.layers.at(0);
  EXPECT_EQ(layer.layout, mj::WeightLayout::input_first);
  EXPECT_EQ(layer.shape.n, 1);
  EXPECT_EQ(layer.shape.p, 197);
  EXPECT_EQ(layer.shape.height, 197);
  EXPECT_EQ(layer.shape.k, 3072);
  EXPECT_EQ(layer.shape.c, 768);
  EXPECT_EQ(layer.bias, "b");
  EXPECT_EQ(layer.output, "m");
  EXPECT_EQ(layer.stored_output, "y");
  EXPECT_EQ(mj::mac_count(layer.shape), 197 * 3072 * 768);
  EXPECT_EQ(mj::input_count(layer.shape), 197 * 768);
}

// Attention scores of 12 heads: a 197 x 64 by 64 x 197 product in each.
TEST(UnitProductLayer, TakesHeadsAsGroupsOfAProductOfActivations) {
  const mj::Network network = GraphBuilder()
                                  .input("q", {1, 12, 197, 64})
                                  .input("k", {1, 12, 64, 197})
                                  .node("MatMul", {"q", "k"}, "y", {1, 12, 197, 197})
                                  .build();
  const mj::MacLayer& layer = network.layers.at(0);
  EXPECT_EQ(layer.layout, mj::WeightLayout::none);
  EXPECT_EQ(layer.bias, "");
  EXPECT_EQ(layer.shape.n, 1);
  EXPECT_EQ(layer.shape.groups, 12);
  EXPECT_EQ(layer.shape.p, 197);
  EXPECT_EQ(layer.shape.k, 197);
  EXPECT_EQ(layer.shape.c, 64);
  EXPECT_EQ(mj::mac_count(layer.shape), 12 * 197 * 197 * 64);
  EXPECT_EQ(mj::input_count(layer.shape), 12 * 197 * 64);
}

TEST(UnitProductLayer, BroadcastsLeadingSizesOfActivations) {
  const mj::Network network = GraphBuilder()
                                  .input("a", {1, 1, 5, 6})
                                  .input("b", {4, 6, 7})
                                  .node("MatMul", {"a", "b"}, "y", {1, 4, 5, 7})
                                  .build();
  EXPECT_EQ(network.layers.at(0).shape.groups, 4);
  EXPECT_EQ(mj::mac_count(network.layers.at(0).shape), 4 * 5 * 6 * 7);
}

// Some exporters keep a linear layer's weights as K x C behind a Transpose, and share them through Identity.
TEST(UnitProductLayer, NamesWeightsBehindTransposeAndIdentity) {
  const mj::Network network =
      GraphBuilder()
          .input("x", {1, 20})
          .constant("w", {10, 20})
          .node("Identity", {"w"}, "v", {10, 20})
          .node("Transpose", {"v"}, "t", {20, 10}, {{"perm", GraphBuilder::Sizes{1, 0}}})
          .node("MatMul", {"x", "t"}, "y", {1, 10})
          .build();
  EXPECT_EQ(network.layers.at(0).weights, "w");
  EXPECT_EQ(network.layers.at(0).layout, mj::WeightLayout::output_first);
}

TEST(UnitProductLayer, LeavesProductsOfConstantsAlone) {
  const mj::Network network = GraphBuilder()
                                  .constant("a", {3, 4})
                                  .constant("b", {4, 5})
                                  .node("MatMul", {"a", "b"}, "y", {3, 5})
                                  .build();
  EXPECT_TRUE(network.layers.empty());
}

}  // namespace
