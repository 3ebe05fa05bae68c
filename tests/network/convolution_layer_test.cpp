#include <gtest/gtest.h>

#include "network/graph_builder.h"
#include "network/network.h"

namespace {

using Sizes = GraphBuilder::Sizes;

mj::MacLayer single_layer(const GraphBuilder& graph) {
  const mj::Network network = graph.build();
  EXPECT_EQ(network.layers.size(), 1U);
  return network.layers.at(0);
}

// AlexNet, CONV2 (Krizhevsky 2012): 256 filters of 48x5x5 in two groups on 27x27, pad 2: 223,948,800 MACs.
TEST(UnitConvolutionLayer, CountsChannelsOfOneGroup) {
  const auto layer = single_layer(
      convolution({1, 96, 27, 27}, {256, 48, 5, 5}, {{"group", int64_t{2}}, {"pads", Sizes{2, 2, 2, 2}}}));
  EXPECT_EQ(layer.shape.groups, 2);
  EXPECT_EQ(layer.shape.k, 128);
  EXPECT_EQ(layer.shape.c, 48);
  EXPECT_EQ(layer.shape.p, 27);
  EXPECT_EQ(mj::mac_count(layer.shape), 223'948'800);
  EXPECT_EQ(mj::weight_count(layer.shape), 256 * 48 * 25);
  EXPECT_EQ(mj::input_count(layer.shape), 96 * 27 * 27);
  EXPECT_EQ(mj::output_count(layer.shape), 256 * 27 * 27);
  EXPECT_EQ(mj::padded_height(layer.shape), 31);
}

TEST(UnitConvolutionLayer, IsDepthwiseWithOneChannelAGroup) {
  const auto layer = single_layer(convolution({1, 32, 14, 14}, {64, 1, 3, 3}, {{"group", int64_t{32}}}));
  EXPECT_EQ(layer.shape.groups, 32);
  EXPECT_EQ(layer.shape.k, 2);
  EXPECT_EQ(layer.shape.c, 1);
  EXPECT_EQ(layer.shape.p, 12);
}

// By hand: rows (11 + 1 + 2 - 3) / 2 + 1 = 6 with a remainder, columns (13 - (2 * 4 + 1)) / 3 + 1 = 2.
TEST(UnitConvolutionLayer, KeepsRowsAndColumnsApart) {
  const auto layer = single_layer(
      convolution({1, 3, 11, 13}, {8, 3, 3, 5},
                  {{"strides", Sizes{2, 3}}, {"dilations", Sizes{1, 2}}, {"pads", Sizes{1, 0, 2, 0}}}));
  EXPECT_EQ(layer.shape.p, 6);
  EXPECT_EQ(layer.shape.q, 2);
  EXPECT_EQ(layer.shape.r, 3);
  EXPECT_EQ(layer.shape.s, 5);
  EXPECT_EQ(layer.shape.stride, (std::array<int64_t, 2>{2, 3}));
  EXPECT_EQ(layer.shape.dilation, (std::array<int64_t, 2>{1, 2}));
  EXPECT_EQ(layer.shape.pads, (std::array<int64_t, 4>{1, 0, 2, 0}));
  EXPECT_EQ(layer.shape.height, 11);
  EXPECT_EQ(layer.shape.width, 13);
}

// ONNX, Conv: 6 positions at stride 2 on 12 need (6 - 1) * 2 + 3 - 12 = 1 pad, at the end or at the
// beginning.
TEST(UnitConvolutionLayer, PadsToTheSameSizeAtTheEndOrTheBeginning) {
  const auto padded = [](const std::string& mode) {
    return single_layer(
               convolution({1, 1, 12, 12}, {1, 1, 3, 3},
                           {{"strides", Sizes{2, 2}}, {"auto_pad", mode}, {"pads", Sizes{9, 9, 9, 9}}}))
        .shape;
  };
  EXPECT_EQ(padded("SAME_UPPER").pads, (std::array<int64_t, 4>{0, 0, 1, 1}));
  EXPECT_EQ(padded("SAME_LOWER").pads, (std::array<int64_t, 4>{1, 1, 0, 0}));
  EXPECT_EQ(padded("SAME_UPPER").p, 6);
  EXPECT_EQ(padded("VALID").pads, (std::array<int64_t, 4>{0, 0, 0, 0}));
  EXPECT_EQ(padded("VALID").p, 5);
}

TEST(UnitConvolutionLayer, TakesASequenceAsOneRow) {
  const auto layer =
      single_layer(convolution({1, 16, 100}, {32, 16, 7}, {{"strides", Sizes{2}}, {"pads", Sizes{3, 2}}}));
  EXPECT_EQ(layer.shape.p, 1);
  EXPECT_EQ(layer.shape.r, 1);
  EXPECT_EQ(layer.shape.height, 1);
  EXPECT_EQ(layer.shape.q, 50);
  EXPECT_EQ(layer.shape.s, 7);
  EXPECT_EQ(layer.shape.width, 100);
  EXPECT_EQ(layer.shape.stride, (std::array<int64_t, 2>{1, 2}));
  EXPECT_EQ(layer.shape.pads, (std::array<int64_t, 4>{0, 3, 0, 2}));
}

TEST(UnitConvolutionLayer, LeavesThreeDimensionsAndTransposedConvolutionsAlone) {
  const mj::Network network = convolution({1, 3, 8, 8, 8}, {4, 3, 3, 3, 3}, {})
                                  .constant("v", {3, 4, 2, 2})
                                  .input("z", {1, 3, 8, 8})
                                  .node("ConvTranspose", {"z", "v"}, "u", {})
                                  .build();
  EXPECT_TRUE(network.layers.empty());
}

// The property that defines P: the last position fits, one more does not. Brute force over small sizes.
TEST(PropertyConvolutionLayer, HasAsManyRowsAsPositionsFit) {
  for (int64_t size = 1; size <= 9; ++size) {
    for (int64_t filter = 1; filter <= 4; ++filter) {
      for (int64_t stride = 1; stride <= 3; ++stride) {
        for (int64_t dilation = 1; dilation <= 2; ++dilation) {
          int64_t positions = 0;
          for (int64_t at = 0; at + dilation * (filter - 1) < size + 1; at += stride) {
            ++positions;
          }
          if (positions > 0) {
            const auto layer = single_layer(convolution({1, 1, size, 1}, {1, 1, filter, 1},
                                                        {{"strides", Sizes{stride, 1}},
                                                         {"dilations", Sizes{dilation, 1}},
                                                         {"pads", Sizes{1, 0, 0, 0}}}));
            EXPECT_EQ(layer.shape.p, positions) << size << " " << filter << " " << stride << " " << dilation;
          }
        }
      }
    }
  }
}

}  // namespace
