#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/model_builder.h"

namespace {

ModelBuilder small_model() {
  ModelBuilder builder;
  builder.input("x", {1, 2}).weights("w", {2, 3}).node("MatMul", {"x", "w"}, "y", "fc").output("y", {1, 3});
  return builder;
}

std::string message_of(const ModelBuilder& builder) {
  return ::message_of(builder.model.SerializeAsString());
}

TEST(ErrorsOnnx, SayWhyAFileIsNoModel) {
  EXPECT_EQ(::message_of(""), "net.onnx: is not an ONNX model (it is empty); name an ONNX file");
  EXPECT_EQ(::message_of("layer,1\nconv,2\n"),
            "net.onnx: is not an ONNX model (its bytes are no protobuf message or are cut short); name an "
            "ONNX file");
  const std::string bytes = small_model().model.SerializeAsString();
  EXPECT_EQ(::message_of(bytes.substr(0, bytes.size() / 2)),
            "net.onnx: is not an ONNX model (its bytes are no protobuf message or are cut short); name an "
            "ONNX file");
}

TEST(ErrorsOnnx, MissAGraphNodesAndOperatorSets) {
  ModelBuilder builder = small_model();
  builder.model.clear_opset_import();
  EXPECT_EQ(message_of(builder),
            "net.onnx: is not an ONNX model (it names no operator set); name an ONNX file");
  builder.model.mutable_graph()->clear_node();
  EXPECT_EQ(message_of(builder),
            "net.onnx: is not an ONNX model (its graph has no nodes); name an ONNX file");
  builder.model.clear_graph();
  EXPECT_EQ(message_of(builder), "net.onnx: is not an ONNX model (it holds no graph); name an ONNX file");
}

TEST(ErrorsOnnx, NameTheNodeOfACycle) {
  ModelBuilder builder = small_model();
  builder.node("Add", {"y", "b"}, "a", "first").node("Relu", {"a"}, "b", "second");
  // Both nodes are on the cycle.
  EXPECT_THAT(message_of(builder),
              testing::AnyOf(
                  "net.onnx: node 'first' (Add): depends on its own output; the graph must have no cycle",
                  "net.onnx: node 'second' (Relu): depends on its own output; the graph must have no cycle"));
}

TEST(ErrorsOnnx, NameValuesWithNoSourceOrTwo) {
  EXPECT_EQ(
      message_of(small_model().node("Relu", {"z"}, "r", "relu")),
      "net.onnx: node 'relu' (Relu): reads 'z', which nothing gives; it must be an input, an initializer or "
      "another node's output");
  EXPECT_EQ(
      message_of(small_model().node("Relu", {"x"}, "y", "relu")),
      "net.onnx: node 'relu' (Relu): gives 'y', which something else gives too; each value must have one "
      "source");
}

TEST(ErrorsOnnx, NameTensorsWhoseValuesDoNotFitTheirShape) {
  ModelBuilder builder = small_model();
  builder.model.mutable_graph()->mutable_initializer(0)->add_float_data(1);
  EXPECT_EQ(message_of(builder), "net.onnx: initializer 'w': holds 7 values; its shape 2x3 needs 6");
  builder.model.mutable_graph()->mutable_initializer(0)->set_dims(0, -2);
  EXPECT_EQ(
      message_of(builder),
      "net.onnx: initializer 'w': has the shape ?x3; sizes must not be negative, their product must be below "
      "2^63");
}

TEST(ErrorsOnnx, KeepExternalDataInTheModelsFolder) {
  ModelBuilder builder = small_model();
  onnx::TensorProto& tensor = *builder.model.mutable_graph()->mutable_initializer(0);
  tensor.clear_float_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  onnx::StringStringEntryProto& location = *tensor.add_external_data();
  location.set_key("location");
  location.set_value("weights.bin");
  EXPECT_EQ(
      message_of(builder),
      "net.onnx: tensor 'w': keeps its values in 'weights.bin', which is missing; put that file beside the "
      "model");
  location.set_value("../weights.bin");
  EXPECT_EQ(
      message_of(builder),
      "net.onnx: tensor 'w': keeps its values in '../weights.bin', which is outside the model's folder; it "
      "must lie beside the model");
}

// Damage must be refused or harmless, never a crash.
TEST(ErrorsOnnx, SurviveDamagedBytes) {
  const std::string bytes = small_model().model.SerializeAsString();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char change : {'\x01', '\x7F', '\xFF'}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      ::message_of(damaged);
    }
    ::message_of(bytes.substr(0, at));
  }
}

}  // namespace
