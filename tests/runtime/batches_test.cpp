#include "runtime/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "runtime/augment.h"
#include "tiny_network.h"

namespace mj {
namespace {

using testing::ElementsAre;

TEST(UnitBatches, ImagesComeInTheOrderGivenAndTheLastBatchIsSmaller) {
  const auto inputs = images_of({0, 1, 2, 3, 4}, 1, 1, 1);
  BatchLoader loader(inputs, {4, 2, 0, 1, 3}, 2, 2);
  EXPECT_THAT(loader.next()->values, ElementsAre(4, 2));
  EXPECT_THAT(loader.next()->values, ElementsAre(0, 1));
  const Batch* last = loader.next();
  EXPECT_THAT(last->values, ElementsAre(3));
  EXPECT_THAT(last->indices, ElementsAre(3U));
  EXPECT_EQ(loader.next(), nullptr);
  EXPECT_EQ(loader.next(), nullptr);
}

TEST(UnitBatches, ChangesAreMadeToEachImage) {
  const auto inputs = images_of({1, 2, 3}, 1, 1, 1);
  BatchLoader loader(inputs, in_order(3), 3, 1,
                     [](std::size_t index, std::span<float> values) { values[0] += 10.0F * index; });
  EXPECT_THAT(loader.next()->values, ElementsAre(1, 12, 23));
}

TEST(UnitBatches, AnImageThatCannotBeReadIsReportedByTheNextBatch) {
  auto inputs = images_of({1, 2}, 1, 1, 1);
  inputs.load = [](std::size_t index, std::span<float>) {
    throw InputError("image " + std::to_string(index), "", "is broken", "");
  };
  BatchLoader loader(inputs, in_order(2), 1, 1);
  EXPECT_THROW(loader.next(), InputError);
}

TEST(UnitAugment, APartIsStretchedOverTheWhole) {
  std::vector<float> image{0, 4, 8, 12};  // one line
  crop_image(image, 1, 4, {.top = 0, .left = 1, .height = 1, .width = 2}, false);
  // Pixel middles at 1.25, 1.75, 2.25, 2.75 of the line, that is 0.75, 1.25, 1.75, 2.25 between pixels.
  EXPECT_THAT(image, ElementsAre(3, 5, 7, 9));
}

TEST(UnitAugment, TheWholeStaysAsItIs) {
  const std::vector<float> before = random_values(24, 1);
  std::vector<float> image = before;
  crop_image(image, 3, 4, {.top = 0, .left = 0, .height = 3, .width = 4}, false);
  EXPECT_EQ(image, before);
}

TEST(UnitAugment, ChannelsAreMirroredEachByItself) {
  std::vector<float> image{1, 2, 3, 4};  // two channels of 1 x 2
  crop_image(image, 1, 2, {.top = 0, .left = 0, .height = 1, .width = 2}, true);
  EXPECT_THAT(image, ElementsAre(2, 1, 4, 3));
}

TEST(UnitAugment, MixedImagesHoldWholePixelsOfTwo) {
  const auto inputs = images_of(std::vector<float>(8 * 2 * 30), 2, 5, 6);
  std::vector<float> values(8 * 2 * 30);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(1000 * (i / 60) + i % 60);  // the image, and the place in it
  }
  mix_images(values, 8, inputs, 3);
  std::size_t mixed = 0;
  for (std::size_t image = 0; image < 8; ++image) {
    std::set<int> sources;
    for (std::size_t i = 0; i < 60; ++i) {
      const auto value = static_cast<std::size_t>(values[image * 60 + i]);
      EXPECT_EQ(value % 1000, i);
      sources.insert(static_cast<int>(value / 1000));
    }
    EXPECT_LE(sources.size(), 2U);
    mixed += sources.size() == 2 || *sources.begin() != static_cast<int>(image) ? 1 : 0;
  }
  EXPECT_GT(mixed, 0U);
}

TEST(UnitAugment, TheSeedAloneDecides) {
  const auto inputs = images_of(random_values(48, 1), 3, 4, 4);
  std::vector<float> first(48);
  inputs.load(0, first);
  auto second = first;
  auto third = first;
  augment_image(first, inputs, 0.5, true, 5);
  augment_image(second, inputs, 0.5, true, 5);
  augment_image(third, inputs, 0.5, true, 6);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
}

TEST(UnitBatches, VariantsStandBehindTheirImages) {
  auto inputs = images_of({1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 2);
  inputs.labels = {3, 5};
  const NetworkInputs both = with_variants(inputs, 0.8, true, 5);
  const NetworkInputs variants = augmented(inputs, 0.8, true, 5);
  ASSERT_EQ(both.size, 4U);
  EXPECT_THAT(both.labels, ElementsAre(3, 3, 5, 5));
  for (std::size_t i = 0; i < both.size; ++i) {
    std::vector<float> given(4);
    std::vector<float> wanted(4);
    both.load(i, given);
    (i % 2 == 0 ? inputs : variants).load(i / 2, wanted);
    EXPECT_EQ(given, wanted) << i;
  }
}

}  // namespace
}  // namespace mj
