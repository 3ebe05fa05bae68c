#include "network/weights.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "network/graph_builder.h"

namespace {

mj::Network grouped_convolution() {
  return GraphBuilder()
      .input("x", {1, 4, 8, 8})
      .constant("w", {4, 2, 1, 3})
      .constant("b", {4})
      .node("Conv", {"x", "w", "b"}, "y", {}, {{"group", int64_t{2}}})
      .build();
}

mj::Network product() {
  return GraphBuilder()
      .input("x", {1, 3})
      .constant("w", {3, 2})
      .node("MatMul", {"x", "w"}, "y", {1, 2})
      .build();
}

TEST(UnitWeights, AreAMatrixOfFiltersByTaps) {
  const mj::Network network = grouped_convolution();
  const mj::Matrix weights = mj::weight_matrix(network, network.layers[0]);
  EXPECT_EQ(weights.rows, 4);
  EXPECT_EQ(weights.columns, 6);
  EXPECT_EQ(weights.at(0, 0), 1);
  EXPECT_EQ(weights.at(1, 2), 9);
  EXPECT_EQ(weights.at(3, 5), 24);
}

TEST(UnitWeights, OfAMatMulAreTransposed) {
  // 3x2 values 1 2 / 3 4 / 5 6 stand for outputs in columns.
  const mj::Network network = product();
  const mj::Matrix weights = mj::weight_matrix(network, network.layers[0]);
  EXPECT_EQ(weights.rows, 2);
  EXPECT_EQ(weights.columns, 3);
  EXPECT_EQ(weights.values, (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(PropertyWeights, ComeBackAsTheyWerePut) {
  for (mj::Network network : {grouped_convolution(), product()}) {
    const mj::MacLayer layer = network.layers[0];
    const std::vector<float> before = network.constants["w"].floats;
    mj::Matrix weights = mj::weight_matrix(network, layer);
    mj::set_weight_matrix(network, layer, weights);
    EXPECT_EQ(network.constants["w"].floats, before);
    weights.at(1, 2) = -7;
    mj::set_weight_matrix(network, layer, weights);
    EXPECT_NE(network.constants["w"].floats, before);
    EXPECT_EQ(mj::weight_matrix(network, layer).values, weights.values);
  }
}

TEST(UnitWeights, AreWhatAGemmMultipliesThemTo) {
  mj::Network network = GraphBuilder()
                            .input("x", {1, 3})
                            .constant("w", {3, 2})
                            .constant("b", {2})
                            .node("Gemm", {"x", "w", "b"}, "y", {1, 2}, {{"alpha", 0.5F}, {"beta", 4.0F}})
                            .build();
  const mj::MacLayer layer = network.layers[0];
  EXPECT_EQ(mj::weight_matrix(network, layer).values, (std::vector<float>{.5, 1.5, 2.5, 1, 2, 3}));
  EXPECT_EQ(mj::bias_vector(network, layer), (std::vector<float>{4, 8}));
  mj::Matrix weights(2, 3);
  weights.values = {1, 0, 2, 3, 4, 5};
  mj::set_weight_matrix(network, layer, weights);
  mj::set_bias_vector(network, layer, {1, 2});
  EXPECT_EQ(network.constants["w"].floats, (std::vector<float>{2, 6, 0, 8, 4, 10}));
  EXPECT_EQ(network.constants["b"].floats, (std::vector<float>{.25, .5}));
}

TEST(UnitWeights, OfAGemmMayHaveNoPart) {
  for (const char* factor : {"alpha", "beta"}) {
    const mj::Network network = GraphBuilder()
                                    .input("x", {1, 3})
                                    .constant("w", {3, 2})
                                    .constant("b", {2})
                                    .node("Gemm", {"x", "w", "b"}, "y", {1, 2}, {{factor, 0.0F}})
                                    .build();
    EXPECT_EQ(mj::has_weights(network, network.layers[0]), factor == std::string("beta"));
    EXPECT_EQ(mj::bias_vector(network, network.layers[0]).size(), factor == std::string("beta") ? 0U : 2U);
  }
}

TEST(UnitWeights, KeepTheBiasInItsConstant) {
  mj::Network network = grouped_convolution();
  EXPECT_EQ(mj::bias_vector(network, network.layers[0]), (std::vector<float>{1, 2, 3, 4}));
  mj::set_bias_vector(network, network.layers[0], {4, 3, 2, 1});
  EXPECT_EQ(mj::bias_vector(network, network.layers[0]), (std::vector<float>{4, 3, 2, 1}));
  EXPECT_TRUE(mj::bias_vector(product(), product().layers[0]).empty());
}

TEST(UnitWeights, AreAbsentWithoutValues) {
  mj::Network network = grouped_convolution();
  EXPECT_TRUE(mj::has_weights(network, network.layers[0]));
  network.shapes["w"] = network.constants["w"].shape;
  network.constants.erase("w");
  EXPECT_FALSE(mj::has_weights(network, network.layers[0]));
  EXPECT_THROW(mj::weight_matrix(network, network.layers[0]), mj::InternalError);
}

// Rows 0 and 1 are the first group, 2 and 3 the second; minus zero is zero.
TEST(UnitWeights, CountNonzerosInAllAndByTap) {
  mj::Matrix weights(4, 3);
  weights.values = {1, 0, 2, 0, 0, 3, -0.0F, 4, 0, 0, 5, 6};
  EXPECT_EQ(mj::count_nonzeros(weights), 6);
  EXPECT_EQ(mj::nonzeros_by_tap(weights, 2), (std::vector<int64_t>{1, 0, 2, 0, 2, 1}));
  EXPECT_EQ(mj::nonzeros_by_tap(weights, 1), (std::vector<int64_t>{1, 2, 3}));
}

// Two filters of five channels at two places: channels 0 1 2 3 and 4 at each.
TEST(UnitWeights, TheDensestGroupCountsNeighbouringChannelsAtOnePlace) {
  mj::Matrix weights(2, 10);
  weights.values = {1, 0, 0, 1, 2, 0, 0, 1, 3, 0,   // first place: channels 0, 2, 4; second: 1, 3
                    0, 0, 0, 1, 0, 2, 0, 3, 0, 4};  // second place: 1, 2, 3, 4
  EXPECT_EQ(mj::densest_group(weights, 4, 2), 3);
  EXPECT_EQ(mj::densest_group(weights, 2, 2), 2);
  EXPECT_EQ(mj::densest_group(weights, 8, 2), 4);
}

}  // namespace
