#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tiny_network.h"

namespace mj {
namespace {

using testing::ElementsAre;

std::string message_of(const Network& network) {
  try {
    open_session(network, one_thread());
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

Network resized(int64_t opset, std::vector<float> scales, const TinyNetwork::Attributes& attributes) {
  TinyNetwork tiny(opset);
  tiny.input("x", {-1, 1, 2, 4}).constant("scales", {static_cast<int64_t>(scales.size())}, scales);
  const std::vector<std::string> operands =
      opset < 11 ? std::vector<std::string>{"x", "scales"} : std::vector<std::string>{"x", "", "scales"};
  return tiny.node("Resize", operands, "y", {}, attributes).build({"y"});
}

// ONNX 1.5, onnx/backend/test/case/node/resize.py, resize_downsample_nearest.
TEST(GoldenResize, Opset10RoundsUpWhereMapsShrink) {
  const auto result = compute(resized(10, {1, 1, 0.6F, 0.6F}, {{"mode", std::string("nearest")}}),
                              floats({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_THAT(result.shape, ElementsAre(1, 1, 1, 2));
  EXPECT_THAT(result.floats, ElementsAre(1, 3));
}

// Opset 10 places new elements at x / scale: 1, 1.5, 2, 2.5, ...; the last lies beyond the end.
TEST(UnitResize, Opset10InterpolatesFromTheFirstElement) {
  const auto result = compute(resized(10, {1, 1, 1, 2}, {{"mode", std::string("linear")}}),
                              floats({1, 1, 2, 4}, {1, 2, 3, 4, 10, 20, 30, 40}));
  EXPECT_THAT(result.floats, ElementsAre(1, 1.5, 2, 2.5, 3, 3.5, 4, 4, 10, 15, 20, 25, 30, 35, 40, 40));
}

TEST(UnitResize, SizesWrittenForOneImageHoldForAny) {
  TinyNetwork tiny;
  tiny.input("x", {1, 1, 1, 2}).integers("sizes", {1, 1, 2, 2}).node("Resize", {"x", "", "", "sizes"}, "y");
  const auto result = compute(tiny.build({"y"}), floats({3, 1, 1, 2}, {1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(result.shape, ElementsAre(3, 1, 2, 2));
  EXPECT_THAT(result.floats, ElementsAre(1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6));
}

TEST(UnitUpsample, ScalesAreAnAttributeBeforeOpset9) {
  TinyNetwork tiny(7);
  tiny.input("x", {1, 1, 1, 2});
  tiny.node("Upsample", {"x"}, "y", {}, {{"scales", std::vector<float>{1, 1, 1, 2}}});
  EXPECT_THAT(compute(tiny.build({"y"}), floats({1, 1, 1, 2}, {1, 2})).floats, ElementsAre(1, 1, 2, 2));
}

TEST(ErrorsResize, WhatCannotBeDoneIsNamed) {
  EXPECT_EQ(message_of(resized(13, {1, 1, 2, 2}, {{"mode", std::string("bicubic")}})),
            "tiny.onnx: node 'y_node' (Resize): has the mode 'bicubic'; must be nearest, linear, cubic or "
            "bilinear");
  EXPECT_EQ(message_of(resized(18, {1, 1, 2, 2}, {{"antialias", int64_t{1}}})),
            "tiny.onnx: node 'y_node' (Resize): smooths what it makes smaller (antialias); Resize without it "
            "can be executed");
}

TEST(ErrorsResize, WrongScalesAreNamed) {
  const auto input = floats({1, 1, 2, 4}, std::vector<float>(8));
  for (const std::vector<float>& scales :
       {std::vector<float>{1, 1, -1, 1}, {1, 1, 1e20F, 1}, {1, 1}, {1, 1, NAN, 1}, {}}) {
    EXPECT_THROW(compute(resized(13, scales, {}), input), InputError);
  }
}

TEST(ErrorsDepthToSpace, ABlockHasAtLeastOneElement) {
  TinyNetwork tiny;
  tiny.input("x", {1, 4, 1, 1}).node("DepthToSpace", {"x"}, "y", {}, {{"blocksize", int64_t{0}}});
  EXPECT_EQ(message_of(tiny.build({"y"})),
            "tiny.onnx: node 'y_node' (DepthToSpace): has a blocksize of 0; must be between 1 and 65536");
}

}  // namespace
}  // namespace mj
