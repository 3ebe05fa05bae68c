#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tiny_network.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

Tensor compute_one(int64_t opset, const std::string& op, const TinyNetwork::Attributes& attributes,
                   const Tensor& input, const std::vector<int64_t>& declared = {}) {
  TinyNetwork tiny(opset);
  tiny.input("x", declared.empty() ? input.shape : declared).node(op, {"x"}, "y", {}, attributes);
  return compute(tiny.build({"y"}), input);
}

std::vector<int64_t> list(std::initializer_list<int64_t> values) {
  return values;
}

// (1, 2, 3) and (3, 2, 1) as 1 x 2 x 3: before opset 13 all six share one softmax, from 13 on each row has
// one.
TEST(UnitOperators, SoftmaxFlattensBeforeOpset13) {
  const auto input = floats({1, 2, 3}, {1, 2, 3, 3, 2, 1});
  const double row = std::exp(1) + std::exp(2) + std::exp(3);
  const auto expected = [&](double sum) {
    std::vector<float> values;
    for (const double x : {1, 2, 3, 3, 2, 1}) {
      values.push_back(static_cast<float>(std::exp(x) / sum));
    }
    return values;
  };
  EXPECT_THAT(compute_one(11, "Softmax", {}, input).floats, Pointwise(FloatNear(1e-6F), expected(2 * row)));
  EXPECT_THAT(compute_one(13, "Softmax", {}, input).floats, Pointwise(FloatNear(1e-6F), expected(row)));
}

// A window of 3 in steps of 2 on 4 elements fits once; rounding up adds one at 2, half inside.
TEST(UnitOperators, CeilModeAddsAWindowThatStartsInside) {
  const auto input = floats({1, 1, 4}, {1, 2, 3, 4});
  TinyNetwork::Attributes attributes{{"kernel_shape", list({3})}, {"strides", list({2})}};
  EXPECT_THAT(compute_one(13, "MaxPool", attributes, input).floats, ElementsAre(3));
  attributes["ceil_mode"] = int64_t{1};
  EXPECT_THAT(compute_one(13, "MaxPool", attributes, input).floats, ElementsAre(3, 4));
}

// A window of 2 in steps of 2 on 3 elements with one pad on each side: a third one would start in the right
// pad and is left out (onnx/onnx#5741).
TEST(UnitOperators, CeilModeLeavesOutAWindowThatStartsInThePadding) {
  const auto input = floats({1, 1, 3}, {1, 2, 3});
  TinyNetwork::Attributes attributes{
      {"kernel_shape", list({2})}, {"strides", list({2})}, {"pads", list({1, 1})}, {"ceil_mode", int64_t{1}}};
  EXPECT_THAT(compute_one(13, "MaxPool", attributes, input).floats, ElementsAre(1, 3));
  EXPECT_THAT(compute_one(13, "AveragePool", attributes, input).floats, ElementsAre(1, 2.5));
}

TEST(UnitOperators, MaxPoolPadsWithLessThanAnyValue) {
  TinyNetwork::Attributes attributes{{"kernel_shape", list({2})}, {"pads", list({1, 0})}};
  EXPECT_THAT(compute_one(13, "MaxPool", attributes, floats({1, 1, 2}, {-3, -5})).floats,
              ElementsAre(-3, -3));
}

// 2 4 with two pads in front, a window of 3: (., ., 2) and (., 2, 4).
TEST(UnitOperators, AveragePoolCountsUnevenPadsOnlyWhenTold) {
  TinyNetwork::Attributes attributes{{"kernel_shape", list({3})}, {"pads", list({2, 0})}};
  const auto input = floats({1, 1, 2}, {2, 4});
  EXPECT_THAT(compute_one(13, "AveragePool", attributes, input).floats, ElementsAre(2, 3));
  attributes["count_include_pad"] = int64_t{1};
  EXPECT_THAT(compute_one(13, "AveragePool", attributes, input).floats,
              Pointwise(FloatNear(1e-6F), std::vector<float>{2.0F / 3, 2}));
}

// Of an even size the extra neighbour is the next channel: with size 2 channel 1 sees 1 and 2.
// y = x / (bias + alpha / size * (x_c^2 + x_(c+1)^2))^beta with alpha 2, beta 1, bias 1.
TEST(UnitOperators, LocalResponseNormalizationLooksFurtherAhead) {
  TinyNetwork::Attributes attributes{{"size", int64_t{2}}, {"alpha", 2.0F}, {"beta", 1.0F}, {"bias", 1.0F}};
  EXPECT_THAT(compute_one(13, "LRN", attributes, floats({1, 3, 1, 1}, {1, 2, 3})).floats,
              Pointwise(FloatNear(1e-6F), std::vector<float>{1.0F / 6, 2.0F / 14, 3.0F / 10}));
}

TEST(UnitOperators, PadMirrorsAndRepeatsEdges) {
  const auto input = floats({1, 3}, {1, 2, 3});
  const auto pad = [&](const char* mode) {
    return compute_one(2, "Pad", {{"mode", std::string(mode)}, {"pads", list({0, 2, 0, 1})}}, input).floats;
  };
  EXPECT_THAT(pad("reflect"), ElementsAre(3, 2, 1, 2, 3, 2));
  EXPECT_THAT(pad("edge"), ElementsAre(1, 1, 1, 2, 3, 3));
  EXPECT_THAT(pad("constant"), ElementsAre(0, 0, 1, 2, 3, 0));
}

TEST(UnitOperators, SliceTakesBoundsFromAttributesAndFromInputs) {
  const auto input = floats({1, 4}, {1, 2, 3, 4});
  EXPECT_THAT(
      compute_one(9, "Slice", {{"starts", list({1})}, {"ends", list({1000})}, {"axes", list({1})}}, input)
          .floats,
      ElementsAre(2, 3, 4));
  TinyNetwork tiny;
  tiny.input("x", {1, 4}).integers("starts", {-1}).integers("ends", {-1000}).integers("axes", {1});
  tiny.integers("steps", {-2}).node("Slice", {"x", "starts", "ends", "axes", "steps"}, "y");
  EXPECT_THAT(compute(tiny.build({"y"}), input).floats, ElementsAre(4, 2));
}

TEST(UnitOperators, AShapeWrittenForOneImageHoldsForAny) {
  const auto reshape = [](const std::vector<int64_t>& declared, const std::vector<int64_t>& target) {
    TinyNetwork tiny;
    tiny.input("x", declared).integers("target", target).node("Reshape", {"x", "target"}, "y");
    return compute(tiny.build({"y"}), floats({3, 2, 2}, std::vector<float>(12))).shape;
  };
  EXPECT_THAT(reshape({1, 2, 2}, {1, 4}), ElementsAre(3, 4));
  EXPECT_THAT(reshape({1, 2, 2}, {1, -1}), ElementsAre(3, 4));
  EXPECT_THAT(reshape({-1, 2, 2}, {1, 4}), ElementsAre(3, 4));
  EXPECT_THAT(reshape({2, 2, 2}, {4, 2}), ElementsAre(6, 2));
  EXPECT_THAT(reshape({1, 2, 2}, {-1, 4}), ElementsAre(3, 4));
  EXPECT_THAT(reshape({1, 2, 2}, {0, 4}), ElementsAre(3, 4));
  // The whole batch in one row is what this says in words.
  EXPECT_THAT(reshape({3, 2, 2}, {1, -1}), ElementsAre(1, 12));
}

// shape -> gather -> concat -> reshape, as exporters write x.view(x.size(0), -1).
TEST(UnitOperators, ShapesAreComputedInTheGraph) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2, 2}).integers("zero", {0}).integers("rest", {-1});
  tiny.node("Shape", {"x"}, "sizes").node("Gather", {"sizes", "zero"}, "batch");
  tiny.node("Concat", {"batch", "rest"}, "target", {}, {{"axis", int64_t{0}}});
  tiny.node("Reshape", {"x", "target"}, "y");
  EXPECT_THAT(compute(tiny.build({"y"}), floats({3, 2, 2}, std::vector<float>(12))).shape, ElementsAre(3, 4));
}

TEST(UnitOperators, ClipTakesBoundsFromAttributesAndFromInputs) {
  const auto input = floats({1, 3}, {-2, 0.5, 9});
  EXPECT_THAT(compute_one(6, "Clip", {{"min", 0.0F}, {"max", 6.0F}}, input).floats, ElementsAre(0, 0.5, 6));
  TinyNetwork tiny;
  tiny.input("x", {1, 3}).constant("high", {}, {6}).node("Clip", {"x", "", "high"}, "y");
  EXPECT_THAT(compute(tiny.build({"y"}), input).floats, ElementsAre(-2, 0.5, 6));
}

// 2 * (1 + 10) and so on: before opset 7 `axis` says where the smaller operand belongs.
TEST(UnitOperators, OldBroadcastingStartsAtAnAxis) {
  TinyNetwork tiny(6);
  tiny.input("x", {1, 2, 2}).constant("b", {2}, {10, 20});
  tiny.node("Add", {"x", "b"}, "y", {}, {{"broadcast", int64_t{1}}, {"axis", int64_t{1}}});
  EXPECT_THAT(compute(tiny.build({"y"}), floats({1, 2, 2}, {1, 2, 3, 4})).floats,
              ElementsAre(11, 12, 23, 24));
}

// y = 2 A B^T + 3 C with A = (1 2), B^T = (1 1), C = 1.
TEST(UnitOperators, GemmScalesProductAndSummand) {
  TinyNetwork tiny;
  tiny.input("x", {1, 2}).constant("w", {1, 2}, {1, 1}).constant("c", {1}, {1});
  tiny.node("Gemm", {"x", "w", "c"}, "y", {1, 1}, {{"alpha", 2.0F}, {"beta", 3.0F}, {"transB", int64_t{1}}});
  EXPECT_THAT(compute(tiny.build({"y"}), floats({1, 2}, {1, 2})).floats, ElementsAre(9));
}

TEST(UnitOperators, WholeNumbersAreDividedTowardsZero) {
  TinyNetwork tiny;
  tiny.input("x", {1}).integers("a", {7}).integers("b", {-2}).node("Div", {"a", "b"}, "y");
  EXPECT_THAT(compute(tiny.build({"y"}), floats({1}, {0})).integers, ElementsAre(-3));
}

}  // namespace
}  // namespace mj
