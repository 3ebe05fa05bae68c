#include <gtest/gtest.h>

#include "error_of.h"
#include "tiny_network.h"

namespace mj {
namespace {

TEST(ErrorsRuntime, AnUnknownOperatorIsNamedWithItsOpset) {
  const auto network = TinyNetwork().input("x", {-1, 3}).node("Frobnicate", {"x"}, "y").build({"y"});
  EXPECT_EQ(error_of([&] { open_session(network, one_thread()); }),
            "tiny.onnx: node 'y_node' (Frobnicate): operator Frobnicate of opset 13 cannot be executed");
}

TEST(ErrorsRuntime, AnOperatorOfAnotherDomainIsUnknown) {
  auto network = TinyNetwork().input("x", {-1, 3}).node("Relu", {"x"}, "y").build({"y"});
  network.nodes[0].domain = "com.example";
  EXPECT_EQ(error_of([&] { open_session(network, one_thread()); }),
            "tiny.onnx: node 'y_node' (Relu): operator com.example.Relu of opset 13 cannot be executed");
}

TEST(ErrorsRuntime, MissingWeightsNameTheirLayer) {
  auto network = TinyNetwork()
                     .input("x", {-1, 1, 2, 2})
                     .constant("w", {1, 1, 1, 1}, {1})
                     .node("Conv", {"x", "w"}, "y", {1, 1, 2, 2})
                     .build({"y"});
  network.constants.at("w").floats.clear();
  const std::string expected =
      "tiny.onnx: layer 'y_node': has no values for 'w'; the model must contain its weights to be executed";
  EXPECT_EQ(error_of([&] { open_session(network, one_thread()); }), expected);
  network.constants.clear();
  EXPECT_EQ(error_of([&] { open_session(network, one_thread()); }), expected);
  network.inputs.push_back({"w", {1, 1, 1, 1}, ElementType::float32});
  const auto session = open_session(network, one_thread());
  EXPECT_EQ(error_of([&] { session->forward(images_of({1, 2, 3, 4}, 1, 2, 2), {}, {}); }), expected);
}

TEST(ErrorsRuntime, AValueThatNothingGivesIsNamed) {
  const auto network = TinyNetwork().input("x", {-1, 3}).node("Add", {"x", "nothing"}, "y").build({"y"});
  EXPECT_EQ(
      error_of([&] { open_session(network, one_thread()); }),
      "tiny.onnx: node 'y_node' (Add): has no values for 'nothing'; it must be an input, a constant or the "
      "output of an earlier node");
}

TEST(ErrorsRuntime, AnAttributeOfTheWrongTypeIsNamed) {
  const auto network = TinyNetwork()
                           .input("x", {-1, 3})
                           .node("LeakyRelu", {"x"}, "y", {}, {{"alpha", int64_t{1}}})
                           .build({"y"});
  EXPECT_EQ(
      error_of([&] { open_session(network, one_thread()); }),
      "tiny.onnx: node 'y_node' (LeakyRelu): has an attribute 'alpha' of another type; must be a number");
}

TEST(ErrorsRuntime, OperandsThatDoNotFitAreNamedWithTheirShapes) {
  const auto network =
      TinyNetwork().input("x", {-1, 3}).constant("b", {2}, {1, 2}).node("Add", {"x", "b"}, "y").build({"y"});
  const auto session = open_session(network, one_thread());
  const auto message = error_of([&] { session->run({floats({1, 3}, {1, 2, 3})}); });
  EXPECT_EQ(message.substr(0, message.find('(', 30)),
            "tiny.onnx: node 'y_node' (Add): cannot be computed from 1x3, 2 ");
}

TEST(ErrorsRuntime, AHugeResultIsRefused) {
  const auto network = TinyNetwork()
                           .input("x", {1})
                           .integers("sizes", {1000000, 1000000, 1000000, 1000000})
                           .node("ConstantOfShape", {"sizes"}, "y")
                           .build({"y"});
  const auto session = open_session(network, one_thread());
  EXPECT_EQ(
      error_of([&] { session->run({floats({1}, {1})}); }),
      "tiny.onnx: node 'y_node' (ConstantOfShape): cannot be computed from 4 (its result would be [1000000, "
      "1000000, 1000000, 1000000], more than 4 GB)");
}

Network two_classes() {
  return TinyNetwork().input("x", {-1, 1, 1, 2}).node("Flatten", {"x"}, "y").build({"y"});
}

TEST(ErrorsRuntime, ImagesOfAnotherShapeAreRefused) {
  const auto session = open_session(two_classes(), one_thread());
  EXPECT_EQ(
      error_of([&] {
        session->forward(images_of({1, 2, 3}, 3, 1, 1), {}, {});
      }),
      "tiny.onnx: input 'x': has the shape ?x1x1x2 and is given images of 3x1x1; the images must have the "
      "input's shape");
}

TEST(ErrorsRuntime, NoImagesAreRefused) {
  const auto session = open_session(two_classes(), one_thread());
  EXPECT_EQ(error_of([&] { session->evaluate(images_of({}, 1, 1, 2), {}, {}); }),
            "tiny.onnx: is given no images; give at least one");
}

TEST(ErrorsRuntime, AccuracyNeedsLabelsWithinTheClasses) {
  const auto session = open_session(two_classes(), one_thread());
  EXPECT_EQ(error_of([&] {
              session->evaluate(images_of({1, 2}, 1, 1, 2), {}, {});
            }),
            "tiny.onnx: is given images without labels; give labelled images");
  EXPECT_EQ(
      error_of([&] {
        session->evaluate(images_of({1, 2}, 1, 1, 2, {2}), {}, {});
      }),
      "tiny.onnx: output 'y': has 2 classes, and an image has the label 2; labels must be below the number "
      "of classes");
}

TEST(ErrorsRuntime, ImagesNeedANetworkWithOneInput) {
  const auto network =
      TinyNetwork().input("a", {-1, 2}).input("b", {-1, 2}).node("Add", {"a", "b"}, "y").build({"y"});
  const auto session = open_session(network, one_thread());
  EXPECT_EQ(error_of([&] {
              session->forward(images_of({1, 2}, 1, 1, 2), {}, {});
            }),
            "tiny.onnx: has 2 data inputs; must have one, the images");
}

TEST(ErrorsRuntime, ABrokenImageIsReportedAsItIs) {
  auto inputs = images_of({1, 2}, 1, 1, 2);
  inputs.load = [](std::size_t, std::span<float>) { throw InputError("cat.jpg", "", "is broken", ""); };
  const auto session = open_session(two_classes(), one_thread());
  EXPECT_EQ(error_of([&] { session->forward(inputs, {}, {}); }), "cat.jpg: is broken");
}

TEST(ErrorsRuntime, AStopIsHeeded) {
  std::stop_source source;
  source.request_stop();
  const auto session = open_session(two_classes(), one_thread());
  EXPECT_THROW(session->forward(images_of({1, 2}, 1, 1, 2), {}, source.get_token()), Interrupted);
}

TEST(UnitRuntime, ForwardGivesARowForEachImageWhateverTheBatchSize) {
  const auto session = open_session(two_classes(), one_thread(2));
  std::vector<double> fractions;
  const auto logits = session->forward(images_of({1, 2, 3, 4, 5, 6}, 1, 1, 2),
                                       [&](const Progress& p) { fractions.push_back(p.fraction); }, {});
  EXPECT_EQ(logits.values.rows, 3);
  EXPECT_EQ(logits.values.values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(fractions, (std::vector<double>{2.0 / 3, 1}));
}

// Two channels of one row of two pixels.
TEST(UnitRuntime, ImagesAreTurnedWhereTheNetworkTakesChannelsLast) {
  const auto network = TinyNetwork().input("x", {-1, 1, 2, 3}).node("Flatten", {"x"}, "y").build({"y"});
  const auto logits =
      open_session(network, one_thread())->forward(images_of({1, 2, 3, 4, 5, 6}, 3, 1, 2), {}, {});
  EXPECT_EQ(logits.values.values, (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(UnitRuntime, AccuracyCountsTheFirstAndTheFirstFive) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 7}).node("Identity", {"x"}, "y");
  const auto session = open_session(tiny.build({"y"}), one_thread());
  const std::vector<float> scores{7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1};
  const auto accuracy = session->evaluate(images_of(scores, 1, 1, 7, {0, 4, 5}), {}, {});
  EXPECT_DOUBLE_EQ(accuracy.top1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(accuracy.top5, 2.0 / 3);
}

TEST(UnitRuntime, ConstantsAreLoadedAndStored) {
  auto network =
      TinyNetwork().input("x", {-1, 2}).constant("b", {2}, {1, 2}).node("Add", {"x", "b"}, "y").build({"y"});
  const auto session = open_session(network, one_thread());
  network.constants.at("b").floats = {10, 20};
  session->load_constants(network);
  EXPECT_EQ(session->run({floats({1, 2}, {1, 1})})[0].floats, (std::vector<float>{11, 21}));
  network.constants.at("b").floats = {0, 0};
  session->store_constants(network);
  EXPECT_EQ(network.constants.at("b").floats, (std::vector<float>{10, 20}));
}

TEST(UnitRuntime, OnlyWhatAffectsTheResultIsSharedBetweenRuns) {
  const auto network = TinyNetwork()
                           .input("x", {-1, 2})
                           .node("Relu", {"x"}, "y")
                           .node("Identity", {"x"}, "z")
                           .build({"z", "y", "x"});
  const auto session = open_session(network, one_thread());
  for (int i = 0; i < 2; ++i) {
    const auto outputs = session->run({floats({1, 2}, {-1, 1})});
    EXPECT_EQ(outputs[0].floats, (std::vector<float>{-1, 1}));
    EXPECT_EQ(outputs[1].floats, (std::vector<float>{0, 1}));
    EXPECT_EQ(outputs[2].floats, (std::vector<float>{-1, 1}));
  }
}

}  // namespace
}  // namespace mj
