#include <gtest/gtest.h>

#include "dataset/dataset.h"
#include "onnx/onnx_file.h"
#include "runtime/runtime.h"
#include "shared_data.h"

namespace mj {
namespace {

NetworkInputs inputs_for(const Network& network, const std::string& preprocess, const std::string& dataset) {
  return prepare_inputs(open_dataset(dataset), read_preprocess(shared_data(preprocess)),
                        network.inputs[0].shape, network.file);
}

// The network's card: 0.91142 on these 508 images (463 right), measured with ONNX Runtime.
TEST(DataGoldenResnet20, ReachesTheAccuracyOfItsCard) {
  MJ_NEED_SHARED_DATA("models/resnet20_cifar10.onnx");
  MJ_NEED_SHARED_DATA("cifar10/test_batch.bin");
  const auto network = read_onnx(shared_data("models/resnet20_cifar10.onnx"));
  const auto inputs = inputs_for(network, "models/resnet20_cifar10.preprocess.yaml",
                                 shared_data("cifar10").string() + ":test");
  const auto accuracy = open_session(network, {1, 0})->evaluate(inputs, {}, {});
  EXPECT_EQ(accuracy.images, 508U);
  EXPECT_NEAR(accuracy.top1, 463.0 / 508, 1e-9);
  EXPECT_EQ(accuracy.top5, 1.0);
}

// Fine-tuning at a rate that changes little must not lose what the network knows; 64 images, in one batch.
TEST(DataPropertyResnet20, FineTuningLowersTheLossOnWhatItSees) {
  MJ_NEED_SHARED_DATA("models/resnet20_cifar10.onnx");
  MJ_NEED_SHARED_DATA("cifar10/test_batch.bin");
  const auto network = read_onnx(shared_data("models/resnet20_cifar10.onnx"));
  auto inputs = inputs_for(network, "models/resnet20_cifar10.preprocess.yaml",
                           shared_data("cifar10").string() + ":test");
  std::vector<std::size_t> some(64);
  for (std::size_t i = 0; i < some.size(); ++i) {
    some[i] = i;
  }
  inputs = select(inputs, some);
  const auto session = open_session(network, {1, 0});
  TrainOptions options;
  options.epochs = 8;
  options.batch_size = 64;
  options.learning_rate = 1e-4;
  std::vector<std::string> details;
  session->train(inputs, options, nullptr, [&](const Progress& step) { details.push_back(step.detail); }, {});
  const auto loss = [](const std::string& detail) { return std::stod(detail.substr(detail.rfind(' '))); };
  ASSERT_EQ(details.size(), 8U);
  EXPECT_LT(loss(details.back()), loss(details.front()) / 2);
}

}  // namespace
}  // namespace mj
