#include <gtest/gtest.h>

#include "energy/workload.h"
#include "network/weights.h"
#include "onnx/model_builder.h"

namespace {

/// A convolution between QuantizeLinear and DequantizeLinear, as quantizing exporters write it: weights of 8
/// bits around zero point 3, activations of 8 bits.
onnx::ModelProto quantized() {
  ModelBuilder builder;
  builder.input("x", {1, 2, 4, 4}).output("y", {1, 2, 4, 4});
  builder.initializer("scale", {}, onnx::TensorProto::FLOAT).add_float_data(0.1F);
  builder.initializer("x_zero", {}, onnx::TensorProto::UINT8).add_int32_data(128);
  builder.initializer("w_zero", {}, onnx::TensorProto::INT8).add_int32_data(3);
  onnx::TensorProto& weights = builder.initializer("w", {2, 2, 1, 1}, onnx::TensorProto::INT8);
  for (const int value : {3, 4, 0, 3}) {
    weights.add_int32_data(value);
  }
  builder.node("QuantizeLinear", {"x", "scale", "x_zero"}, "xq")
      .node("DequantizeLinear", {"xq", "scale", "x_zero"}, "xd")
      .node("DequantizeLinear", {"w", "scale", "w_zero"}, "wd")
      .node("Conv", {"xd", "wd"}, "y", "conv");
  return builder.model;
}

TEST(UnitQuantized, WidthsAndZerosAreThoseOfTheIntegers) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "q.onnx";
  mj::write_file_atomically(file, quantized().SerializeAsString());
  const mj::Network network = mj::read_onnx(file);
  ASSERT_EQ(network.layers.size(), 1U);
  const auto workload = mj::make_workload(network, network.layers[0], nullptr, {});
  EXPECT_EQ(workload.weight_bits, 8);
  EXPECT_EQ(workload.activation_bits, 8);
  EXPECT_EQ(workload.nonzero_weights, 2);  // 3 stands for 0
  EXPECT_EQ(workload.nonzero_macs, 2 * 16);
  EXPECT_EQ(mj::make_workload(network, network.layers[0], nullptr, {.weight_bits = 4}).weight_bits, 4);
  EXPECT_FALSE(mj::has_weights(network, network.layers[0]));  // which prune would change
}

}  // namespace
