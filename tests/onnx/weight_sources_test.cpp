#include <gtest/gtest.h>

#include "network/weights.h"
#include "onnx/model_builder.h"

/// Where exporters keep weights: in other files, in Constant nodes, in two bytes a value.
namespace {

/// A 1 x 1 convolution of two channels to two.
ModelBuilder convolution() {
  ModelBuilder builder;
  builder.input("x", {1, 2, 4, 4}).output("y", {1, 2, 4, 4});
  return builder;
}

std::vector<float> weights_of(const mj::Network& network) {
  return mj::weight_matrix(network, network.layers.at(0)).values;
}

TEST(UnitWeightSources, ValuesInAnotherFileBecomePartOfTheModel) {
  const TemporaryFolder folder;
  const std::vector<float> values{1, 0, -2, .5F};
  std::string bytes(8, '\0');  // what stands before the tensor
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  mj::write_file_atomically(folder.path() / "weights.bin", bytes);
  ModelBuilder builder = convolution();
  onnx::TensorProto& tensor = builder.initializer("w", {2, 2, 1, 1}, onnx::TensorProto::FLOAT);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : {std::pair{"location", "weights.bin"}, {"offset", "8"}, {"length", "16"}}) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
  builder.node("Conv", {"x", "w"}, "y");
  const mj::Network network = read_model(folder, builder.model);
  EXPECT_EQ(weights_of(network), values);
  const TemporaryFolder elsewhere;
  EXPECT_EQ(weights_of(read_bytes(elsewhere, mj::onnx_bytes(network))), values);
}

TEST(UnitWeightSources, ValuesOfConstantNodesAreReadAndWrittenBack) {
  const TemporaryFolder folder;
  ModelBuilder builder = convolution();
  builder.node("Constant", {}, "w");
  onnx::AttributeProto& attribute = *builder.last_node().add_attribute();
  attribute.set_name("value");
  attribute.set_type(onnx::AttributeProto::TENSOR);
  onnx::TensorProto& tensor = *attribute.mutable_t();
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : {2, 2, 1, 1}) {
    tensor.add_dims(size);
  }
  for (const float value : {1.F, 2.F, 3.F, 4.F}) {
    tensor.add_float_data(value);
  }
  builder.node("Conv", {"x", "w"}, "y");
  mj::Network network = read_model(folder, builder.model);
  EXPECT_EQ(weights_of(network), (std::vector<float>{1, 2, 3, 4}));
  mj::Matrix changed = mj::weight_matrix(network, network.layers[0]);
  changed.values[2] = 0;
  mj::set_weight_matrix(network, network.layers[0], changed);
  const mj::Network again = read_bytes(folder, mj::onnx_bytes(network));
  EXPECT_EQ(weights_of(again), (std::vector<float>{1, 2, 0, 4}));
  EXPECT_EQ(again.nodes.size(), network.nodes.size());
}

// 1.5 is 0x3E00 as float16 and 0x3FC0 as bfloat16, -2 is 0xC000 as either.
TEST(UnitWeightSources, TwoByteValuesKeepTheirType) {
  for (const auto& [type, one_and_a_half] :
       {std::pair{onnx::TensorProto::FLOAT16, 0x3E00}, {onnx::TensorProto::BFLOAT16, 0x3FC0}}) {
    const TemporaryFolder folder;
    ModelBuilder builder = convolution();
    onnx::TensorProto& tensor = builder.initializer("w", {2, 2, 1, 1}, type);
    for (const int value : {one_and_a_half, 0xC000, 0, 0xC000}) {
      tensor.add_int32_data(value);
    }
    builder.node("Conv", {"x", "w"}, "y");
    mj::Network network = read_model(folder, builder.model);
    EXPECT_EQ(weights_of(network), (std::vector<float>{1.5F, -2, 0, -2}));
    mj::Matrix changed = mj::weight_matrix(network, network.layers[0]);
    changed.values[1] = 0;
    mj::set_weight_matrix(network, network.layers[0], changed);
    const std::string bytes = mj::onnx_bytes(network);
    EXPECT_EQ(weights_of(read_bytes(folder, bytes)), (std::vector<float>{1.5F, 0, 0, -2}));
    onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(bytes));
    EXPECT_EQ(model.graph().initializer(0).data_type(), type);
  }
}

}  // namespace
