#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tiny_network.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

/// What the session says of the input.
std::string message_of(const Network& network, const Tensor& input) {
  try {
    compute(network, input);
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// The target 1 x -1 is put together by a node, of constants alone: it was written for one image.
TEST(UnitFolding, AShapeMadeOfConstantsHoldsForAnyBatch) {
  TinyNetwork tiny;
  tiny.input("x", {1, 2, 2}).integers("one", {1}).integers("rest", {-1});
  tiny.node("Concat", {"one", "rest"}, "target", {}, {{"axis", int64_t{0}}});
  tiny.node("Reshape", {"x", "target"}, "y");
  EXPECT_THAT(compute(tiny.build({"y"}), floats({3, 2, 2}, std::vector<float>(12))).shape, ElementsAre(3, 4));
}

TEST(UnitFolding, WhatCannotBeFoldedSaysSoWhenItRuns) {
  TinyNetwork tiny;
  tiny.input("x", {1}).integers("a", {1}).integers("b", {0}).node("Div", {"a", "b"}, "y");
  const auto session = open_session(tiny.build({"y"}), one_thread());
  EXPECT_THROW(session->run({floats({1}, {1})}), InputError);
}

Network with_places(const TinyNetwork::Attributes& attributes) {
  Network network =
      TinyNetwork().input("x", {-1, 1, 2, 2}).node("MaxPool", {"x"}, "y", {}, attributes).build({"y"});
  network.nodes[0].outputs.emplace_back("places");
  network.outputs = {{"places", {}, ElementType::int64}};
  return network;
}

// The largest of (1 4 / 3 2) is in row 0 and column 1: number 1 by rows and 2 by columns; the next image
// starts at 4.
TEST(UnitMaxPool, PlacesCountThroughTheWholeTensor) {
  TinyNetwork::Attributes attributes{{"kernel_shape", std::vector<int64_t>{2, 2}}};
  const auto input = floats({2, 1, 2, 2}, {1, 4, 3, 2, 1, 4, 3, 2});
  EXPECT_THAT(compute(with_places(attributes), input).integers, ElementsAre(1, 5));
  attributes["storage_order"] = int64_t{1};
  EXPECT_THAT(compute(with_places(attributes), input).integers, ElementsAre(2, 6));
}

// With a row and a column of padding in front, the four windows end at the four elements.
TEST(UnitMaxPool, PlacesLeaveOutThePadding) {
  const TinyNetwork::Attributes attributes{{"kernel_shape", std::vector<int64_t>{2, 2}},
                                           {"pads", std::vector<int64_t>{1, 1, 0, 0}}};
  EXPECT_THAT(compute(with_places(attributes), floats({1, 1, 2, 2}, {1, 4, 3, 2})).integers,
              ElementsAre(0, 1, 2, 1));
}

// 300 / 2 = 150 is beyond int8; 2.5 and 3.5 are rounded to the even number.
TEST(UnitQuantization, TheZeroPointsTypeBoundsTheResult) {
  Network network = TinyNetwork()
                        .input("x", {-1, 4})
                        .constant("scale", {}, {2})
                        .integers("zero", {1})
                        .node("QuantizeLinear", {"x", "scale", "zero"}, "y")
                        .build({"y"});
  network.constants.at("zero").type = ElementType::int8;
  const auto input = floats({1, 4}, {300, -300, 5, 7});
  EXPECT_THAT(compute(network, input).integers, ElementsAre(127, -128, 3, 5));
  network.constants.at("zero").type = ElementType::uint8;
  EXPECT_THAT(compute(network, input).integers, ElementsAre(151, 0, 3, 5));
}

// 0.5 x (1 + erf(x / sqrt(2))), and with sqrt(2 / pi) (x + 0.044715 x^3) through tanh (Hendrycks and Gimpel
// 2016).
TEST(UnitGelu, IsWhatExportersSpellOut) {
  const auto input = floats({1, 3}, {-1, 0.5, 2});
  std::vector<float> exact;
  std::vector<float> approximate;
  for (const double x : {-1.0, 0.5, 2.0}) {
    exact.push_back(static_cast<float>(0.5 * x * (1 + std::erf(x / std::sqrt(2)))));
    const double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    approximate.push_back(static_cast<float>(0.5 * x * (1 + std::tanh(inner))));
  }
  TinyNetwork spelled;
  spelled.input("x", {1, 3}).constant("root", {}, {std::sqrt(2.0F)}).constant("one", {}, {1});
  spelled.constant("half", {}, {0.5F}).node("Div", {"x", "root"}, "a").node("Erf", {"a"}, "b");
  spelled.node("Add", {"b", "one"}, "c").node("Mul", {"x", "c"}, "d").node("Mul", {"d", "half"}, "y");
  EXPECT_THAT(compute(spelled.build({"y"}), input).floats, Pointwise(FloatNear(1e-6F), exact));
  const auto gelu = [&](const char* kind) {
    TinyNetwork tiny(20);
    tiny.input("x", {1, 3}).node("Gelu", {"x"}, "y", {}, {{"approximate", std::string(kind)}});
    return compute(tiny.build({"y"}), input).floats;
  };
  EXPECT_THAT(gelu("none"), Pointwise(FloatNear(1e-6F), exact));
  EXPECT_THAT(gelu("tanh"), Pointwise(FloatNear(1e-6F), approximate));
}

TEST(ErrorsBatchNorm, TrainingModeNeedsTheBatchOfTheGraph) {
  TinyNetwork tiny(15);
  tiny.input("x", {2, 1}).constant("one", {1}, {1}).constant("zero", {1}, {0});
  tiny.node("BatchNormalization", {"x", "one", "zero", "zero", "one"}, "y", {},
            {{"training_mode", int64_t{1}}, {"epsilon", 0.0F}});
  const Network network = tiny.build({"y"});
  EXPECT_THAT(compute(network, floats({2, 1}, {3, 5})).floats, ElementsAre(-1, 1));
  EXPECT_EQ(
      message_of(network, floats({3, 1}, {3, 5, 7})),
      "tiny.onnx: node 'y_node' (BatchNormalization): cannot be computed from 3x1, 1, 1, 1, 1 (it is in "
      "training mode, where its result depends on the batch: 2 in the graph, 3 here)");
}

// Opset 7 has five outputs, all but one of training.
TEST(UnitBatchNorm, OutputsOfTrainingMayHaveNames) {
  TinyNetwork tiny(7);
  tiny.input("x", {2, 1}).constant("one", {1}, {1}).constant("mean", {1}, {3});
  tiny.node("BatchNormalization", {"x", "one", "one", "mean", "one"}, "y", {}, {{"epsilon", 0.0F}});
  Network network = tiny.build({"y"});
  for (const char* name : {"mean_out", "var_out", "saved_mean", "saved_var"}) {
    network.nodes[0].outputs.emplace_back(name);
  }
  EXPECT_THAT(compute(network, floats({2, 1}, {3, 5})).floats, ElementsAre(1, 3));
}

TEST(ErrorsReshape, ATargetThatDoesNotFitIsNamed) {
  TinyNetwork tiny;
  tiny.input("x", {2, 3}).integers("target", {4, -1}).node("Reshape", {"x", "target"}, "y");
  EXPECT_EQ(
      message_of(tiny.build({"y"}), floats({2, 3}, std::vector<float>(6))),
      "tiny.onnx: node 'y_node' (Reshape): cannot be computed from 2x3, 2 (it arranges 6 elements as [4, "
      "-1])");
}

TEST(ErrorsConv, GroupsMustDivideTheChannels) {
  TinyNetwork tiny;
  tiny.input("x", {1, 1, 1, 1, 1}).constant("w", {1, 1, 1, 1, 1}, {1});
  tiny.node("Conv", {"x", "w"}, "y", {}, {{"group", int64_t{1} << 40}});
  Network network = tiny.build({});
  network.outputs.push_back({"y", {}, ElementType::float32});
  EXPECT_EQ(message_of(network, floats({1, 1, 1, 1, 1}, {1})),
            "tiny.onnx: node 'y_node' (Conv): cannot be computed from 1x1x1x1x1, 1x1x1x1x1 (its channels do "
            "not divide "
            "into 1099511627776 groups of its weights)");
}

TEST(ErrorsAdd, AnOldAxisMustBeADimension) {
  TinyNetwork tiny(6);
  tiny.input("x", {1, 2}).constant("b", {2}, {1, 2});
  tiny.node("Add", {"x", "b"}, "y", {}, {{"broadcast", int64_t{1}}, {"axis", int64_t{-1} << 60}});
  EXPECT_THROW(compute(tiny.build({"y"}), floats({1, 2}, {1, 2})), InputError);
}

TEST(ErrorsDropout, TrainingModeIsRefused) {
  TinyNetwork tiny;
  tiny.input("x", {1, 1}).constant("ratio", {}, {0.5F}).integers("training", {1});
  tiny.node("Dropout", {"x", "ratio", "training"}, "y");
  EXPECT_EQ(message_of(tiny.build({"y"}), floats({1, 1}, {1})),
            "tiny.onnx: node 'y_node' (Dropout): cannot be computed from 1x1, scalar, 1 (it drops values at "
            "random, as in training)");
}

}  // namespace
}  // namespace mj
