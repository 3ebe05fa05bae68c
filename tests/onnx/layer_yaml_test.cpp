#include "onnx/layer_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "temporary_folder.h"

namespace mj {
namespace {

using testing::HasSubstr;

LayerList read_yaml(const std::string& text, int64_t batch = 0) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "layers.yaml";
  write_file_atomically(file, text);
  return read_layer_yaml(file, batch);
}

std::string message_of_yaml(const std::string& text) {
  try {
    read_yaml(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// AlexNet's second layer, and a fully connected one.
const std::string good_yaml = R"(
batch: 4
layers:
  - name: conv2
    input: [96, 27, 27]
    filters: 256
    kernel: 5
    pads: 2
    groups: 2
    input_zeros: 0.387
    weight_bits: 8
  - inputs: 9216
    outputs: 4096
    weight_zeros: 0.9
)";

TEST(UnitLayerYaml, ReadsConvolutionsAndFullyConnectedLayers) {
  const LayerList list = read_yaml(good_yaml);
  EXPECT_EQ(list.batch, 4);
  ASSERT_EQ(list.workloads.size(), 2U);
  const Workload& conv = list.workloads[0];
  EXPECT_EQ(conv.name, "conv2");
  EXPECT_EQ(conv.shape.groups, 2);
  EXPECT_EQ(conv.shape.c, 48);
  EXPECT_EQ(conv.shape.k, 128);
  EXPECT_EQ(conv.shape.p, 27);
  EXPECT_EQ(conv.weight_bits, 8);
  EXPECT_EQ(conv.activation_bits, 16);
  EXPECT_NEAR(conv.nonzero_input_macs, 4 * 223948800.0 * (1 - 0.387), 1);  // 224 M MACs, ISCA 2016
  const Workload& fc = list.workloads[1];
  EXPECT_EQ(fc.name, "2");
  EXPECT_EQ(mac_count(fc.shape), 4 * 9216 * 4096);
  EXPECT_NEAR(fc.nonzero_weights, 9216 * 4096 * 0.1, 1e-3);
}

TEST(UnitLayerYaml, AGivenBatchReplacesTheFiles) {
  EXPECT_EQ(read_yaml(good_yaml, 7).workloads[0].shape.n, 7);
}

TEST(ErrorsLayerYaml, EveryProblemIsNamedAtOnce) {
  const std::string message = message_of_yaml(R"(
layers:
  - input: [96, 27]
    filters: 256
  - { input: [3, 8, 8], filters: 4, kernel: 11, colour: red }
  - { inputs: 10, outputs: 0 }
)");
  EXPECT_THAT(message, HasSubstr("layers[0].input"));
  EXPECT_THAT(message, HasSubstr("must be at most the padded input, 8 x 8"));
  EXPECT_THAT(message, HasSubstr("colour"));
  EXPECT_THAT(message, HasSubstr("layers[2].outputs"));
}

TEST(ErrorsLayerYaml, WhatIsNoListOfLayersIsRefused) {
  EXPECT_THAT(message_of_yaml("layers: []"), HasSubstr("must list at least one layer"));
  EXPECT_THAT(message_of_yaml("layers: 5"), HasSubstr("must list at least one layer"));
  EXPECT_THAT(message_of_yaml("batch: 2"), HasSubstr("layers"));
  EXPECT_THAT(message_of_yaml("layers: [{inputs: 2000000000, outputs: 2000000000}]"), HasSubstr("2^53"));
  EXPECT_THAT(message_of_yaml("layers: [{input: [4, 8, 8], filters: 6, groups: 4}]"), HasSubstr("groups"));
  EXPECT_THAT(message_of_yaml("layers: [{name: a, inputs: 2, outputs: 2}, {name: a, inputs: 2, outputs: 2}]"),
              HasSubstr("is a again"));
}

}  // namespace
}  // namespace mj
