#include "runtime/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(UnitAugment, EdgesFillWhatAMoveLeavesFree) {
  std::vector<float> image{1, 2, 3, 4};  // 1 2 / 3 4
  move_image(image, 2, 2, 1, 0, false);
  EXPECT_THAT(image, ElementsAre(1, 2, 1, 2));
  std::vector<float> other{1, 2, 3, 4};
  move_image(other, 2, 2, 0, -1, false);
  EXPECT_THAT(other, ElementsAre(2, 2, 4, 4));
}

TEST(UnitAugment, ChannelsAreMirroredEachByItself) {
  std::vector<float> image{1, 2, 3, 4};  // two channels of 1 x 2
  move_image(image, 1, 2, 0, 0, true);
  EXPECT_THAT(image, ElementsAre(2, 1, 4, 3));
}

TEST(UnitAugment, TheSeedAloneDecides) {
  const auto inputs = images_of(random_values(48, 1), 3, 4, 4);
  std::vector<float> first(48);
  inputs.load(0, first);
  auto second = first;
  auto third = first;
  augment_image(first, inputs, 2, true, 5);
  augment_image(second, inputs, 2, true, 5);
  augment_image(third, inputs, 2, true, 6);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
}

}  // namespace
}  // namespace mj
