#include "workflow/calibration_split.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"

namespace mj {
namespace {

/// Images of one value, which is their index.
NetworkInputs numbered(std::size_t size, std::vector<int> labels) {
  NetworkInputs inputs;
  inputs.size = size;
  inputs.channels = inputs.height = inputs.width = 1;
  inputs.labels = std::move(labels);
  inputs.load = [](std::size_t index, std::span<float> values) { values[0] = static_cast<float>(index); };
  return inputs;
}

float first_value(const NetworkInputs& inputs, std::size_t index) {
  float value = 0;
  inputs.load(index, {&value, 1});
  return value;
}

TEST(UnitCalibrationSplit, HoldsBackTheLastFifth) {
  std::vector<int> labels(100);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<int>(i % 7);
  }
  const CalibrationSplit split = split_calibration(numbered(100, labels), 5, "images");
  EXPECT_EQ(split.fit.size, 80U);
  EXPECT_EQ(split.tuned.size, 80U);
  EXPECT_EQ(split.held_back.size, 20U);
  EXPECT_TRUE(split.tells_accuracy);
  EXPECT_EQ(first_value(split.held_back, 0), 80);
  EXPECT_EQ(split.held_back.labels.front(), 80 % 7);
}

TEST(UnitCalibrationSplit, HoldsBackTenThousandOfSixtyThousand) {
  std::vector<int> labels(60000);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<int>(i % 10);
  }
  const CalibrationSplit split = split_calibration(numbered(60000, labels), 5, "images");
  EXPECT_EQ(split.fit.size, 50000U);
  EXPECT_EQ(first_value(split.held_back, 0), 50000);
}

TEST(UnitCalibrationSplit, HoldsFewerBackFromTuningAloneWhereTheyDecideThatAlone) {
  const auto held = [](std::size_t images) {
    const CalibrationSplit split = split_calibration(numbered(images, {}), 5, "images", Decision::tuning);
    EXPECT_EQ(split.fit.size, images);
    EXPECT_EQ(split.tuned.size + split.held_back.size, images);
    EXPECT_FALSE(split.tells_accuracy);
    return split.held_back.size;
  };
  EXPECT_EQ(held(5000), 500U);
  EXPECT_EQ(held(1000), 100U);
  EXPECT_EQ(held(600), 100U);
  EXPECT_EQ(held(100), 20U);
  EXPECT_EQ(held(200000), 10000U);
}

TEST(UnitCalibrationSplit, DrawsFromAllClassesWhereTheyStandInOrder) {
  std::vector<int> labels(1000);
  std::iota(labels.begin(), labels.end(), 0);
  const CalibrationSplit split = split_calibration(numbered(1000, labels), 5, "images");
  EXPECT_EQ(split.held_back.size, 200U);
  EXPECT_LT(split.held_back.labels.front(),
            100);  // the chance that none of the first 100 is drawn is below 1e-9
  EXPECT_EQ(split.fit.size, 800U);
}

TEST(ErrorsCalibrationSplit, TooFewImagesAreRefused) {
  try {
    split_calibration(numbered(3, {0, 1, 2}), 0, "images");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "images: holds 3 images for pruning; at least 10 are needed");
  }
}

}  // namespace
}  // namespace mj
