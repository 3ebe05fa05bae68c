#include "runtime/fold_weights.h"

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "network/weights.h"
#include "onnx/declare_value.h"
#include "onnx/element_storage.h"
#include "onnx/model_builder.h"
#include "runtime/runtime.h"

namespace {

/// Of two channels to two; without nodes yet.
ModelBuilder convolution_of_computed() {
  ModelBuilder builder;
  builder.input("x", {1, 2, 2, 2}).output("y", {1, 2, 2, 2});
  return builder;
}

/// 1, 2, -.5 and 0 in half precision.
void add_halves(ModelBuilder& builder, const std::string& name) {
  onnx::TensorProto& halves = builder.initializer(name, {4}, onnx::TensorProto::FLOAT16);
  for (const int bits : {0x3C00, 0x4000, 0xB800, 0}) {
    halves.add_int32_data(bits);
  }
}

/// Half precision that is cast, reshaped and multiplied by three; a bias of two sums.
ModelBuilder cast_reshaped_and_scaled() {
  ModelBuilder builder = convolution_of_computed();
  add_halves(builder, "halves");
  builder.weights("b", {2}).integers("sizes", {2, 2, 1, 1});
  builder.initializer("three", {}, onnx::TensorProto::FLOAT).add_float_data(3);
  builder.node("Cast", {"halves"}, "floats").integer_attribute("to", onnx::TensorProto::FLOAT);
  builder.node("Reshape", {"floats", "sizes"}, "shaped").node("Mul", {"shaped", "three"}, "w");
  builder.node("Add", {"b", "b"}, "bias").node("Conv", {"x", "w", "bias"}, "y");
  return builder;
}

std::vector<float> output_of(const mj::Network& network) {
  const auto session = mj::open_session(network, {});
  return session->run({{mj::ElementType::float32, {1, 2, 2, 2}, {1, -2, 3, 4, 5, 6, -7, 8}, {}}})[0].floats;
}

TEST(UnitFoldWeights, WhatNodesComputeFromConstantsBecomesAnInitializer) {
  for (const int64_t ir : {3, 7}) {
    SCOPED_TRACE(ir);
    ModelBuilder builder = cast_reshaped_and_scaled();
    builder.model.set_ir_version(ir);
    if (ir == 3) {  // which wants initializers among the inputs
      for (const onnx::TensorProto& tensor : builder.model.graph().initializer()) {
        mj::declare_value(tensor.name(), mj::find_storage(tensor.data_type())->type,
                          {tensor.dims().begin(), tensor.dims().end()},
                          *builder.model.mutable_graph()->add_input());
      }
      onnx::checker::check_model(builder.model);
    }
    const TemporaryFolder folder;
    mj::Network network = read_model(folder, builder.model);
    const std::vector<float> before = output_of(network);
    mj::fold_computed_weights(network);
    EXPECT_EQ(mj::weight_matrix(network, network.layers.at(0)).values, (std::vector<float>{3, 6, -1.5F, 0}));
    EXPECT_EQ(mj::bias_vector(network, network.layers[0]), (std::vector<float>{0, 1}));
    EXPECT_EQ(output_of(network), before);

    const std::string bytes = mj::onnx_bytes(network);
    onnx::ModelProto written;
    ASSERT_TRUE(written.ParseFromString(bytes));
    onnx::checker::check_model(written);
    EXPECT_EQ(written.graph().node_size(), 1);
    EXPECT_EQ(written.graph().initializer_size(), 2);
    EXPECT_EQ(written.graph().input_size(), ir == 3 ? 3 : 1);
    const mj::Network read = read_bytes(folder, bytes);
    EXPECT_EQ(mj::weight_matrix(read, read.layers.at(0)).values, (std::vector<float>{3, 6, -1.5F, 0}));
    EXPECT_EQ(output_of(read), before);
  }
}

TEST(UnitFoldWeights, ReshapedHalvesStayHalvesAndWhatOthersReadStays) {
  ModelBuilder builder;
  builder.input("x", {2, 2, 1, 1}).output("y", {2, 2, 1, 1});
  add_halves(builder, "halves");
  builder.integers("sizes", {2, 2, 1, 1});
  builder.node("Reshape", {"halves", "sizes"}, "w").node("Conv", {"x", "w"}, "c");
  builder.node("Reshape", {"c", "sizes"}, "y");
  builder.model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      onnx::TensorProto::FLOAT16);
  const TemporaryFolder folder;
  mj::Network network = read_model(folder, builder.model);
  mj::fold_computed_weights(network);
  EXPECT_EQ(network.constants.at("w").type, mj::ElementType::float16);
  EXPECT_FALSE(network.constants.contains("halves"));
  EXPECT_TRUE(network.constants.contains("sizes"));
  const mj::Network read = read_bytes(folder, mj::onnx_bytes(network));
  EXPECT_EQ(read.constants.at("w").type, mj::ElementType::float16);
  EXPECT_EQ(mj::weight_matrix(read, read.layers.at(0)).values, (std::vector<float>{1, 2, -.5F, 0}));
}

TEST(UnitFoldWeights, PlaceholdersAndTransposedConstantsStay) {
  const TemporaryFolder folder;
  ModelBuilder filled = convolution_of_computed();
  filled.integers("sizes", {2, 2, 1, 1});
  filled.node("ConstantOfShape", {"sizes"}, "w").node("Conv", {"x", "w"}, "y");
  mj::Network network = read_model(folder, filled.model);
  mj::fold_computed_weights(network);
  EXPECT_EQ(network.nodes.size(), 2U);
  EXPECT_FALSE(mj::has_weights(network, network.layers.at(0)));

  ModelBuilder transposed;
  transposed.input("x", {1, 2}).output("y", {1, 3}).weights("v", {3, 2});
  transposed.node("Transpose", {"v"}, "w").attribute("perm", {1, 0}).node("MatMul", {"x", "w"}, "y");
  network = read_model(folder, transposed.model);
  mj::fold_computed_weights(network);
  EXPECT_EQ(network.nodes.size(), 2U);
  EXPECT_EQ(network.layers.at(0).weights, "v");
}

}  // namespace
