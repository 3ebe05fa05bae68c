#include <gtest/gtest.h>
#include <onnx/checker.h>

#include "base/files.h"
#include "network/weights.h"
#include "onnx/model_builder.h"
#include "shared_data.h"

namespace mj {
namespace {

Network written_and_read(const TemporaryFolder& folder, const Network& network) {
  const auto file = folder.path() / "again.onnx";
  write_onnx(network, file);
  return read_onnx(file);
}

onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(bytes));
  return model;
}

ModelBuilder convolution_model(int type) {
  ModelBuilder builder;
  builder.input("x", {-1, 1, 4, 4}).output("y", {-1, 2, 4, 4});
  onnx::TensorProto& weights = builder.initializer("w", {2, 1, 1, 1}, type);
  if (type == onnx::TensorProto::DOUBLE) {
    weights.add_double_data(1.0 / 3);  // no float has this value
    weights.add_double_data(2);
  } else {
    weights.add_float_data(0.25F);
    weights.add_float_data(2);
  }
  builder.node("Conv", {"x", "w"}, "y", "conv");
  return builder;
}

TEST(UnitOnnxRoundTrip, AnUnchangedModelKeepsItsBytes) {
  const TemporaryFolder folder;
  for (const int type : {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE}) {
    const std::string bytes = convolution_model(type).model.SerializeAsString();
    EXPECT_EQ(onnx_bytes(read_bytes(folder, bytes)), bytes);
  }
}

TEST(UnitOnnxRoundTrip, ChangedValuesGoIntoTheSameInitializerAndType) {
  const TemporaryFolder folder;
  for (const int type : {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE}) {
    Network network = read_model(folder, convolution_model(type).model);
    network.constants.at("w").floats[1] = 0;
    const onnx::ModelProto model = parsed(onnx_bytes(network));
    EXPECT_EQ(model.graph().initializer(0).data_type(), type);
    EXPECT_EQ(model.graph().initializer(0).name(), "w");
    const Network again = written_and_read(folder, network);
    EXPECT_EQ(again.constants.at("w").floats[1], 0);
    EXPECT_EQ(again.constants.at("w").floats[0], network.constants.at("w").floats[0]);
    EXPECT_EQ(again.layers.size(), 1U);
  }
}

TEST(UnitOnnxRoundTrip, MetadataIsWritten) {
  const TemporaryFolder folder;
  Network network = read_model(folder, convolution_model(onnx::TensorProto::FLOAT).model);
  network.metadata["millijoule.method"] = "energy-aware";
  EXPECT_EQ(written_and_read(folder, network).metadata.at("millijoule.method"), "energy-aware");
}

TEST(UnitOnnxNewModel, PassesOnnxsChecker) {
  const TemporaryFolder folder;
  Network network = read_model(folder, convolution_model(onnx::TensorProto::FLOAT).model);
  network.envelope.clear();
  const onnx::ModelProto model = parsed(onnx_bytes(network));
  EXPECT_NO_THROW(onnx::checker::check_model(model));
  EXPECT_EQ(model.producer_name(), "millijoule");
}

/// MACs and weights as the cards beside the models say.
struct Card {
  const char* model;
  int64_t macs;
  int64_t weights;
};

TEST(DataGoldenOnnx, CountsOfRealNetworksAreThoseOfTheirCards) {
  MJ_NEED_SHARED_DATA("models");
  for (const auto& [model, macs, weights] : {Card{"squeezenet_v1.1", 387747520, 1231552},
                                             Card{"squeezenet_v1.0_deepcompression", 861339936, 1244448},
                                             Card{"resnet20_cifar10", 40551040, 268336}}) {
    const Network network = read_onnx(shared_data(std::string("models/") + model + ".onnx"));
    int64_t mac_sum = 0;
    int64_t weight_sum = 0;
    for (const MacLayer& layer : network.layers) {
      mac_sum += mac_count(layer.shape);
      weight_sum += weight_count(layer.shape);
    }
    EXPECT_EQ(mac_sum, macs) << model;
    EXPECT_EQ(weight_sum, weights) << model;
  }
}

TEST(DataUnitOnnx, RealNetworksAreWrittenAsTheyWereRead) {
  MJ_NEED_SHARED_DATA("models");
  for (const char* model : {"squeezenet_v1.1", "resnet20_cifar10"}) {
    const auto file = shared_data(std::string("models/") + model + ".onnx");
    EXPECT_TRUE(onnx_bytes(read_onnx(file)) == read_file(file)) << model;
  }
}

TEST(DataGoldenOnnx, ArchitecturesWithoutWeightsAreRead) {
  MJ_NEED_SHARED_DATA("architectures");
  // AlexNet, 227 x 227, two groups in conv2, conv4 and conv5: 105,415,200 + 223,948,800 + 149,520,384 +
  // 112,140,288 + 74,760,192 MACs for the convolutions with 96, 256, 384, 384, 256 filters, and 9216 x 4096 +
  // 4096 x 4096 + 4096 x 1000. The file takes 224 x 224 images, so that conv1 gives 54 x 54 and the maps
  // behind it 26 x 26 and 12 x 12.
  const Network network = read_onnx(shared_data("architectures/light_bvlc_alexnet.onnx"));
  ASSERT_EQ(network.layers.size(), 8U);
  EXPECT_EQ(network.layers[0].shape.p, 54);
  EXPECT_EQ(network.layers[1].shape.groups, 2);
  EXPECT_EQ(weight_count(network.layers[5].shape), 9216 * 4096);
  EXPECT_FALSE(has_weights(network, network.layers[5]));
}

}  // namespace
}  // namespace mj
