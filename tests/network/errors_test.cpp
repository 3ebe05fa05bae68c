#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/error.h"
#include "network/graph_builder.h"
#include "network/network.h"
#include "network/weights.h"

namespace {

using Sizes = GraphBuilder::Sizes;

std::string message(const GraphBuilder& graph) {
  try {
    graph.build();
  } catch (const mj::InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ErrorsMacLayers, AskForFixedSizesWhereInputsAreFree) {
  EXPECT_EQ(
      message(convolution({1, 3, -1, -1}, {8, 3, 3, 3})),
      "net.onnx: node 'conv1' (Conv): reads 'x', whose size is not known (1x3x?x?); give the model's inputs "
      "fixed sizes (now 'x' 1x3x?x?)");
}

TEST(ErrorsMacLayers, NameAValueWithoutAShape) {
  const GraphBuilder graph =
      GraphBuilder().input("x", {1, 3, 8, 8}).constant("w", {8, 3, 3, 3}).node("Conv", {"z", "w"}, "y", {});
  EXPECT_EQ(message(graph),
            "net.onnx: Conv node that gives 'y': reads 'z', whose size is not known; the model must fix it");
}

TEST(ErrorsMacLayers, NameMissingOperands) {
  EXPECT_EQ(
      message(GraphBuilder().input("x", {1, 3, 8, 8}).node("Conv", {"x"}, "y", {})),
      "net.onnx: Conv node that gives 'y': has too few inputs or no output; it must have an input, weights "
      "and an output");
}

TEST(ErrorsMacLayers, NameSizesThatContradictEachOther) {
  EXPECT_EQ(
      message(convolution({1, 4, 8, 8}, {8, 3, 3, 3})),
      "net.onnx: node 'conv1' (Conv): has weights 8x3x3x3 and 1 group(s) on an input of 4 channels; weights "
      "must be (filters) x (channels / groups) x ..., filters a multiple of the groups");
  EXPECT_EQ(message(convolution({1, 4, 2, 2}, {8, 4, 3, 3})),
            "net.onnx: node 'conv1' (Conv): has a filter of 3 on a padded input of 2; the filter must fit");
  EXPECT_EQ(message(convolution({1, 4, 8}, {8, 4, 3, 3})),
            "net.onnx: node 'conv1' (Conv): has an input 1x4x8 and weights 8x4x3x3; both must have as many "
            "dimensions, at least three");
  EXPECT_EQ(
      message(convolution({1, 0, 8, 8}, {8, 4, 3, 3})),
      "net.onnx: node 'conv1' (Conv): reads 'x' of size 1x0x8x8; sizes must be between 1 and 2147483647");
}

TEST(ErrorsMacLayers, NameAttributesThatCannotBe) {
  EXPECT_EQ(message(convolution({1, 3, 8, 8}, {8, 3, 3, 3}, {{"strides", Sizes{0, 1}}})),
            "net.onnx: node 'conv1' (Conv): has strides of 0; must be between 1 and 2147483647");
  EXPECT_EQ(message(convolution({1, 3, 8, 8}, {8, 3, 3, 3}, {{"pads", Sizes{1, 1}}})),
            "net.onnx: node 'conv1' (Conv): has 2 pads; its input needs 4");
  EXPECT_EQ(
      message(convolution({1, 3, 8, 8}, {8, 3, 3, 3}, {{"auto_pad", std::string("SAME")}})),
      "net.onnx: node 'conv1' (Conv): has auto_pad 'SAME'; must be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  EXPECT_EQ(
      message(convolution({1, 3, 8, 8}, {8, 3, 3, 3}, {{"kernel_shape", Sizes{5, 5}}})),
      "net.onnx: node 'conv1' (Conv): has a kernel_shape of 5x5, but weights 8x3x3x3; kernel_shape must be "
      "the weights' last dimensions");
  EXPECT_EQ(
      message(convolution({1, 3, 8, 8}, {8, 3, 3, 3}, {{"group", int64_t{0}}})),
      "net.onnx: node 'conv1' (Conv): has weights 8x3x3x3 and 0 group(s) on an input of 3 channels; weights "
      "must be (filters) x (channels / groups) x ..., filters a multiple of the groups");
}

TEST(ErrorsMacLayers, NameProductsThatDoNotFit) {
  const auto product = [](const std::string& op, const mj::Shape& left, const mj::Shape& right,
                          const GraphBuilder::Attributes& attributes = {}) {
    return message(
        GraphBuilder().input("x", left).constant("w", right).node(op, {"x", "w"}, "y", {}, attributes, "fc"));
  };
  EXPECT_EQ(product("MatMul", {1, 5}, {6, 7}),
            "net.onnx: node 'fc' (MatMul): multiplies 1x5 by 6x7; the inner sizes 5 and 6 must be equal");
  EXPECT_EQ(product("Gemm", {1, 5, 5}, {5, 7}),
            "net.onnx: node 'fc' (Gemm): multiplies 1x5x5 by 5x7; both must be matrices");
  EXPECT_EQ(product("Gemm", {5, 1}, {5, 7}, {{"transA", int64_t{1}}}),
            "net.onnx: node 'fc' (Gemm): multiplies the transpose of its input; transA must be 0");
  EXPECT_EQ(
      product("MatMul", {2, 3, 4, 5}, {4, 5, 6}),
      "net.onnx: node 'fc' (MatMul): multiplies 2x3x4x5 by 4x5x6; the leading sizes must be equal or 1");
}

TEST(ErrorsMacLayers, RefuseWhatCannotBeCounted) {
  mj::Network network = convolution({1, 1, 1, 1}, {1, 1, 1, 1}).network();
  const int64_t large = 2'000'000'000;
  network.constants.clear();
  network.shapes["x"] = {large, large, large, large};
  network.shapes["w"] = {large, large, 1, 1};
  try {
    mj::find_mac_layers(network);
    FAIL();
  } catch (const mj::InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "net.onnx: node 'conv1' (Conv): is larger than can be counted; a layer must have at most 2^53 MACs "
        "and words");
  }
}

TEST(ErrorsWeights, NameTheFirstValueThatIsNotFinite) {
  mj::Network network = convolution({1, 3, 8, 8}, {2, 3, 2, 2}).build();
  mj::check_finite_weights(network);
  // Flat position 19 of 2x3x2x2 is 1 * 12 + 1 * 4 + 1 * 2 + 1.
  network.constants["w"].floats[19] = std::numeric_limits<float>::quiet_NaN();
  network.constants["w"].floats[23] = std::numeric_limits<float>::infinity();
  try {
    mj::check_finite_weights(network);
    FAIL();
  } catch (const mj::InputError& error) {
    EXPECT_STREQ(error.what(),
                 "net.onnx: layer 'conv1': value [1,1,1,1] of 'w' is NaN; weights must be finite numbers");
  }
}

}  // namespace
