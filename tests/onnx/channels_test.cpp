#include "network/channels.h"

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "network/weights.h"
#include "onnx/model_builder.h"

namespace mj {
namespace {

/// Conv a (3 -> 4), depthwise conv d, conv b (4 -> 2), conv g (2 -> 2 in two groups), each 1x1.
onnx::ModelProto four_convolutions() {
  ModelBuilder builder;
  builder.input("x", {-1, 3, 4, 4}).output("y", {-1, 2, 4, 4});
  builder.weights("wa", {4, 3, 1, 1}).weights("ba", {4}).weights("wd", {4, 1, 1, 1});
  builder.weights("wb", {2, 4, 1, 1}).weights("wg", {2, 1, 1, 1});
  builder.node("Conv", {"x", "wa", "ba"}, "a", "conv_a").node("Conv", {"a", "wd"}, "d", "conv_d");
  builder.integer_attribute("group", 4);
  builder.node("Conv", {"d", "wb"}, "b", "conv_b").node("Conv", {"b", "wg"}, "y", "conv_g");
  builder.integer_attribute("group", 2);
  onnx::ValueInfoProto& declared = *builder.model.mutable_graph()->add_value_info();
  declared = builder.model.graph().input(0);
  declared.set_name("a");
  declared.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(1)->set_dim_value(4);
  return builder.model;
}

int64_t groups_of(const onnx::NodeProto& node) {
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == "group") {
      return attribute.i();
    }
  }
  return 1;
}

/// Without channel 1 of conv a, written into the model's file, or, if `is_new`, into a new one.
std::string smaller_bytes(const TemporaryFolder& folder, bool is_new) {
  const Network network = read_model(folder, four_convolutions());
  const auto groups = find_channel_groups(network);
  EXPECT_EQ(groups.size(), 1U);
  Network smaller = without_channels(network, groups, {{1}});
  infer_shapes(smaller);
  if (is_new) {
    smaller.envelope.clear();
  }
  return onnx_bytes(smaller);
}

TEST(UnitOnnxChannels, ASmallerNetworkIsWrittenAndReadAgain) {
  for (const bool is_new : {false, true}) {
    const TemporaryFolder folder;
    const Network again = read_bytes(folder, smaller_bytes(folder, is_new));
    ASSERT_EQ(again.layers.size(), 4U);
    EXPECT_EQ(again.layers[0].shape.k, 3);
    EXPECT_EQ(again.layers[1].shape.groups, 3);
    EXPECT_EQ(again.layers[2].shape.c, 3);
    EXPECT_EQ(again.layers[3].shape.groups, 2) << "what kept its channels keeps its groups";
    // Weights count 0, 0.5, 1, ... in memory's order; row, or column, 1 is gone.
    EXPECT_EQ(again.constants.at("wa").floats, (std::vector<float>{0, 0.5, 1, 3, 3.5, 4, 4.5, 5, 5.5}));
    EXPECT_EQ(again.constants.at("ba").floats, (std::vector<float>{0, 1, 1.5}));
    EXPECT_EQ(again.constants.at("wd").floats, (std::vector<float>{0, 1, 1.5}));
    EXPECT_EQ(again.constants.at("wb").floats, (std::vector<float>{0, 1, 1.5, 2, 3, 3.5}));
    EXPECT_EQ(again.constants.at("wd").shape, (Shape{3, 1, 1, 1}));
  }
}

// Other programs read attributes and declared shapes: both must say what the tensors are.
TEST(UnitOnnxChannels, GroupsAndDeclaredShapesFollowTheTensors) {
  const TemporaryFolder folder;
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(smaller_bytes(folder, false)));
  EXPECT_NO_THROW(onnx::checker::check_model(model));
  ASSERT_EQ(model.graph().node_size(), 4);
  EXPECT_EQ(groups_of(model.graph().node(0)), 1);
  EXPECT_EQ(groups_of(model.graph().node(1)), 3);
  EXPECT_EQ(groups_of(model.graph().node(3)), 2);
  for (const onnx::ValueInfoProto& value : model.graph().value_info()) {
    EXPECT_NE(value.name(), "a") << "it had four channels";
  }
}

// With one channel left a depthwise convolution has one group.
TEST(UnitOnnxChannels, OneGroupMayBeLeft) {
  const TemporaryFolder folder;
  const Network network = read_model(folder, four_convolutions());
  Network smaller = without_channels(network, find_channel_groups(network), {{0, 1, 3}});
  infer_shapes(smaller);
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(onnx_bytes(smaller)));
  EXPECT_EQ(groups_of(model.graph().node(1)), 1);
}

}  // namespace
}  // namespace mj
