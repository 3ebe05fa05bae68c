#include "runtime/activation_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiny_network.h"

namespace mj {
namespace {

using testing::ElementsAre;

MacLayer convolution(const LayerShape& shape) {
  MacLayer layer;
  layer.op = "Conv";
  layer.shape = shape;
  return layer;
}

// A 2 x 2 map 1 0 / 3 2 (counts over two images), a 2 x 1 filter without padding: its first tap meets the
// first row, its second the second.
TEST(UnitActivationCounts, EachTapCountsTheElementsThatItMeets) {
  LayerShape shape;
  shape.p = 1;
  shape.q = 2;
  shape.r = 2;
  shape.height = shape.width = 2;
  const std::vector<int64_t> inputs{1, 0, 3, 2};
  const std::vector<int64_t> outputs{2, 1};
  const auto result = layer_activations(convolution(shape), inputs, outputs, 2);
  EXPECT_THAT(result.tap_nonzeros, ElementsAre(0.5, 2.5));
  EXPECT_THAT(result.input_channel_nonzeros, ElementsAre(3.0));
  EXPECT_THAT(result.output_channel_nonzeros, ElementsAre(1.5));
}

// The right column of a 3 x 3 filter with a pad of 1 on a 1 x 1 map meets padding only.
TEST(UnitActivationCounts, PaddingCountsAsZero) {
  LayerShape shape;
  shape.r = shape.s = 3;
  shape.pads = {1, 1, 1, 1};
  const std::vector<int64_t> one{1};
  const auto result = layer_activations(convolution(shape), one, one, 1);
  EXPECT_THAT(result.tap_nonzeros, ElementsAre(0, 0, 0, 0, 1, 0, 0, 0, 0));
}

// Three tokens of two features: each feature is met once a token.
TEST(UnitActivationCounts, ProductsCountEachFeatureOverAllRows) {
  MacLayer layer;
  layer.op = "MatMul";
  layer.layout = WeightLayout::input_first;
  layer.shape.p = layer.shape.height = 3;
  layer.shape.c = 2;
  layer.shape.k = 1;
  const std::vector<int64_t> inputs{1, 0, 1, 1, 0, 1};
  const std::vector<int64_t> outputs{1, 1, 0};
  const auto result = layer_activations(layer, inputs, outputs, 1);
  EXPECT_THAT(result.tap_nonzeros, ElementsAre(2, 2));
  EXPECT_THAT(result.output_channel_nonzeros, ElementsAre(2));
}

// Two heads of two rows and one feature; a left operand of one head only is read by both.
TEST(UnitActivationCounts, HeadsOfAttentionAreGroups) {
  MacLayer layer;
  layer.op = "MatMul";
  layer.layout = WeightLayout::none;
  layer.shape.groups = 2;
  layer.shape.p = layer.shape.height = 2;
  const std::vector<int64_t> own{1, 1, 1, 0};
  const std::vector<int64_t> shared{1, 0};
  EXPECT_THAT(layer_activations(layer, own, own, 1).tap_nonzeros, ElementsAre(2, 1));
  EXPECT_THAT(layer_activations(layer, shared, own, 1).tap_nonzeros, ElementsAre(1, 1));
}

}  // namespace
}  // namespace mj
