#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "base/error.h"
#include "dataset/dataset.h"
#include "error_of.h"
#include "hand_made_files.h"

namespace mj {
namespace {

using testing::ElementsAre;

/// Images of one value each: image i is i everywhere.
Dataset flat_images(const std::vector<std::array<int64_t, 3>>& shapes) {
  Dataset dataset;
  dataset.name = "flat";
  dataset.size = shapes.size();
  dataset.classes = 3;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    dataset.labels.push_back(static_cast<int>(i % 3));
  }
  dataset.read = [shapes](std::size_t index) {
    const auto [height, width, channels] = shapes.at(index);
    return Image{height, width, channels,
                 std::vector<uint8_t>(static_cast<std::size_t>(height * width * channels),
                                      static_cast<uint8_t>(index)),
                 "image " + std::to_string(index)};
  };
  return dataset;
}

std::string error_of_shape(const std::vector<int64_t>& shape, const Dataset& dataset,
                           const Preprocess& preprocess) {
  return error_of([&] { prepare_inputs(dataset, preprocess, shape, "net.onnx"); });
}

TEST(UnitNetworkInputs, AreLoadedAsTheNetworkTakesThem) {
  const Dataset dataset = flat_images({{2, 2, 3}, {2, 2, 3}});
  const std::vector<int64_t> shape{-1, 3, 2, 2};
  const NetworkInputs inputs = prepare_inputs(dataset, {}, shape, "net.onnx");
  EXPECT_EQ(inputs.size, 2U);
  EXPECT_EQ(inputs.channels, 3);
  EXPECT_EQ(inputs.height, 2);
  EXPECT_EQ(inputs.width, 2);
  EXPECT_EQ(inputs.classes, 3);
  EXPECT_THAT(inputs.labels, ElementsAre(0, 1));
  std::vector<float> values(12);
  inputs.load(1, values);
  EXPECT_THAT(values, testing::Each(1.0F));
  EXPECT_THROW(inputs.load(1, std::span(values).first(11)), InternalError);
}

TEST(UnitNetworkInputs, ChannelsMayBeLast) {
  const NetworkInputs inputs =
      prepare_inputs(flat_images({{4, 6, 3}}), {}, std::vector<int64_t>{-1, 4, 6, 3}, "net.onnx");
  EXPECT_EQ(inputs.channels, 3);
  EXPECT_EQ(inputs.width, 6);
  EXPECT_TRUE(has_channels_last(std::vector<int64_t>{1, -1, -1, 3}, 3, 4, 6));
  // Where both are possible they are second.
  EXPECT_FALSE(has_channels_last(std::vector<int64_t>{1, 3, 3, 3}, 3, 3, 3));
  EXPECT_FALSE(has_channels_last(std::vector<int64_t>{1, -1, -1, -1}, 3, 4, 6));
  EXPECT_FALSE(has_channels_last(std::vector<int64_t>{1, 72}, 3, 4, 6));
}

TEST(UnitNetworkInputs, FreeSizesTakeTheImages) {
  const std::vector<int64_t> shape{-1, -1, -1, -1};
  const NetworkInputs inputs = prepare_inputs(flat_images({{4, 6, 1}}), {}, shape, "net.onnx");
  EXPECT_EQ(inputs.channels, 3);
  EXPECT_EQ(inputs.height, 4);
  EXPECT_EQ(inputs.width, 6);
}

TEST(UnitNetworkInputs, SelectionsLoadTheImagesChosen) {
  const std::vector<int64_t> shape{1, 3, 1, 1};
  const NetworkInputs all =
      prepare_inputs(flat_images({{1, 1, 3}, {1, 1, 3}, {1, 1, 3}}), {}, shape, "net.onnx");
  const NetworkInputs two = select(all, {2, 1});
  EXPECT_EQ(two.size, 2U);
  EXPECT_THAT(two.labels, ElementsAre(2, 1));
  std::vector<float> values(3);
  two.load(0, values);
  EXPECT_THAT(values, ElementsAre(2, 2, 2));
  EXPECT_THROW(select(two, {2}), InternalError);
}

/// As flat_images, of which some cannot be decoded.
Dataset coded_images(std::size_t size, const std::set<std::size_t>& damaged, int& decoded) {
  Dataset dataset = flat_images(std::vector<std::array<int64_t, 3>>(size, {1, 1, 3}));
  dataset.is_coded = true;
  dataset.read = [read = dataset.read, damaged, &decoded](std::size_t index) {
    static std::mutex guard;
    const std::scoped_lock lock(guard);
    ++decoded;
    if (damaged.contains(index)) {
      throw InputError("image " + std::to_string(index), "", "is cut off", "");
    }
    return read(index);
  };
  return dataset;
}

TEST(UnitNetworkInputs, OnePercentOfDamagedImagesIsLeftOutByName) {
  int decoded = 0;
  std::vector<std::string> said;
  const auto progress = [&](const Progress& step) {
    if (step.stage_ended) {
      said.push_back(step.detail);
    }
  };
  const std::vector<int64_t> shape{1, 3, 1, 1};
  const NetworkInputs inputs =
      prepare_inputs(coded_images(200, {0, 77}, decoded), {}, shape, "net.onnx", progress);
  EXPECT_EQ(inputs.size, 198U);
  EXPECT_EQ(inputs.labels.at(0), 1);
  EXPECT_THAT(said, ElementsAre("image 0: is cut off", "image 77: is cut off", "2 of 200 images of flat"));
  std::vector<float> values(3);
  inputs.load(76, values);
  EXPECT_THAT(values, ElementsAre(78, 78, 78));
  EXPECT_EQ(decoded, 200);  // Once each: they are kept.
}

TEST(ErrorsNetworkInputs, MoreThanOnePercentOfDamagedImagesIsAnError) {
  int decoded = 0;
  const Dataset dataset = coded_images(200, {5, 77, 78}, decoded);
  const std::vector<int64_t> shape{1, 3, 1, 1};
  EXPECT_EQ(
      error_of([&] { prepare_inputs(dataset, {}, shape, "net.onnx"); }),
      "flat: holds 3 of 200 images that cannot be used, the first: image 5: is cut off; at most 1 % may be "
      "damaged");
}

TEST(ErrorsNetworkInputs, TheMessageSaysWhatToSet) {
  const Dataset grey = flat_images({{28, 28, 1}});
  Preprocess to_grey;
  to_grey.channel_order = "GRAY";
  EXPECT_EQ(
      error_of_shape({-1, 1, 28, 28}, grey, {}),
      "net.onnx: input: has shape ?x1x28x28, but the images of flat are 3x28x28 after preprocessing; set "
      "`channel_order: GRAY` in the preprocessing");
  EXPECT_EQ(
      error_of_shape({-1, 3, 28, 28}, grey, to_grey),
      "net.onnx: input: has shape ?x3x28x28, but the images of flat are 1x28x28 after preprocessing; set "
      "`channel_order: RGB or BGR` in the preprocessing");
  EXPECT_EQ(error_of_shape({1, 12, 28, 28}, grey, to_grey),
            "net.onnx: input: has shape 1x12x28x28, but the images of flat are 1x28x28 after preprocessing; "
            "a network "
            "for these images takes ?x1xHxW or ?xHxWx1");
  EXPECT_EQ(
      error_of_shape({1, 3, 32, -1}, grey, {}),
      "net.onnx: input: has shape 1x3x32x?, but the images of flat are 3x28x28 after preprocessing; set "
      "`resize_short: 32` and `crop: 32` in the preprocessing");
  EXPECT_EQ(error_of_shape({1, 3, 32, 64}, grey, {}),
            "net.onnx: input: has shape 1x3x32x64, but the images of flat are 3x28x28 after preprocessing; "
            "use images "
            "of 64 x 32 pixels; the preprocessing crops squares only");
  EXPECT_EQ(
      error_of_shape({-1, 784}, grey, to_grey),
      "net.onnx: input: has shape ?x784; a network for images takes four dimensions: images, channels, rows, "
      "columns, or the channels last");
}

TEST(ErrorsNetworkInputs, EmptyDataSetsAreRefused) {
  EXPECT_EQ(error_of_shape({-1, 3, 2, 2}, flat_images({}), {}),
            "flat: holds no images; name a data set with at least one");
}

TEST(ErrorsNetworkInputs, ImagesOfAnotherSizeThanTheFirstAreNamed) {
  const std::vector<int64_t> shape{-1, 3, -1, -1};
  const NetworkInputs inputs = prepare_inputs(flat_images({{2, 3, 3}, {3, 2, 3}}), {}, shape, "net.onnx");
  std::vector<float> values(18);
  EXPECT_EQ(error_of([&] { inputs.load(1, values); }),
            "image 1: has 2 x 3 pixels after preprocessing, the first image 3 x 2; set `crop` in the "
            "preprocessing");
}

}  // namespace
}  // namespace mj
