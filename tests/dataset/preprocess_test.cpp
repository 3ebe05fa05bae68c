#include "dataset/preprocess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "dataset/resize.h"
#include "error_of.h"
#include "hand_made_files.h"
#include "shared_data.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::FloatEq;

Image image_of(int64_t height, int64_t width, int64_t channels, std::vector<uint8_t> pixels) {
  return {height, width, channels, std::move(pixels), "image"};
}

/// The pattern that the golden values below were made of.
Image pattern(int64_t width, int64_t height, int64_t channels) {
  Image image{height, width, channels, {}, "pattern"};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const std::array<int64_t, 3> values{x * 31 + y * 57 + x * y * 13, x * 71 + y * 19, x * x + y * y * 3};
      for (int64_t channel = 0; channel < channels; ++channel) {
        image.pixels.push_back(static_cast<uint8_t>(values[static_cast<std::size_t>(channel)] % 256));
      }
    }
  }
  return image;
}

Image resize(const Image& image, int64_t width, int64_t height) {
  return resize_and_crop(image, {height, width}, {0, 0, height, width});
}

Image five_by_four() {
  return image_of(
      4, 5, 1, {11, 48, 85, 122, 159, 196, 233, 14, 51, 88, 125, 162, 199, 236, 17, 54, 91, 128, 165, 202});
}

// Pillow 9.4: resize(size, Image.BILINEAR).
TEST(GoldenResize, ShrinksByAveragingAsPillowDoes) {
  EXPECT_THAT(resize(five_by_four(), 3, 2).pixels, ElementsAre(123, 95, 108, 121, 150, 138));
}

// Pillow 9.4: resize(size, Image.BILINEAR).
TEST(GoldenResize, EnlargesAsPillowDoes) {
  EXPECT_THAT(resize(five_by_four(), 7, 6).pixels,
              ElementsAre(11, 32, 59, 85, 111, 138, 159, 104, 125, 115, 50, 76, 103, 124, 184, 205, 171, 45,
                          71, 80, 76, 137, 158, 172, 168, 194, 129, 29, 90, 111, 138, 164, 190, 162, 110, 54,
                          75, 102, 128, 154, 181, 202));
}

// Pillow 9.4: crc32 of resize(size, Image.BILINEAR).tobytes(); both ways smaller, both larger, one of each.
TEST(GoldenResize, LargerImagesAgreeWithPillow) {
  EXPECT_EQ(crc32_of(resize(pattern(61, 40, 3), 24, 16).pixels), 0x6f5a8bc4U);
  EXPECT_EQ(crc32_of(resize(pattern(40, 61, 1), 100, 152).pixels), 0xb0b30181U);
  EXPECT_EQ(crc32_of(resize(pattern(13, 300, 3), 16, 369).pixels), 0x9a576ce3U);
}

// Two to one with a triangle of radius 2: inputs at distance 0.5 and 1.5 weigh 3 and 1 (of 8; of 7 at the
// ends).
TEST(UnitResize, HalvingWeighsFourNeighbours) {
  const Image half = resize(image_of(1, 6, 1, {70, 0, 0, 80, 0, 0}), 3, 1);
  EXPECT_THAT(half.pixels, ElementsAre(30, 30, 11));  // 3*70/7; 3*80/8; 80/7
}

TEST(PropertyResize, AWindowIsThePartOfTheWhole) {
  const Image image = pattern(37, 23, 3);
  const Image whole = resize(image, 29, 18);
  const Image part = resize_and_crop(image, {18, 29}, {5, 7, 11, 13});
  for (int64_t y = 0; y < 11; ++y) {
    const auto row = whole.pixels.begin() + ((y + 5) * 29 + 7) * 3;
    EXPECT_TRUE(std::equal(row, row + 13 * 3, part.pixels.begin() + y * 13 * 3)) << y;
  }
}

TEST(PropertyResize, TheSameSizeChangesNothing) {
  const Image image = pattern(19, 31, 3);
  EXPECT_EQ(resize(image, 19, 31).pixels, image.pixels);
}

TEST(UnitPreprocess, ChannelsBecomePlanesInTheNetworksOrder) {
  const Image image = image_of(1, 2, 3, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(apply_preprocess(image, {}).values, ElementsAre(1, 4, 2, 5, 3, 6));
  Preprocess bgr;
  bgr.channel_order = "BGR";
  EXPECT_THAT(apply_preprocess(image, bgr).values, ElementsAre(3, 6, 2, 5, 1, 4));
}

// (100 / 255 - 0.4) / 0.2 = -0.0392157; (50 - 104) / 2 = -27.
TEST(UnitPreprocess, ScalesThenSubtractsThenDivides) {
  Preprocess preprocess;
  preprocess.scale = 1 / 255.0;
  preprocess.mean = {0.4};
  preprocess.std = {0.2};
  preprocess.channel_order = "GRAY";
  EXPECT_THAT(apply_preprocess(image_of(1, 1, 1, {100}), preprocess).values,
              ElementsAre(FloatEq(-0.0392156863F)));
  preprocess.channel_order = "BGR";
  preprocess.scale = 1;
  preprocess.mean = {104, 117, 123};
  preprocess.std = {2, 3, 6};
  EXPECT_THAT(apply_preprocess(image_of(1, 1, 3, {129, 120, 50}), preprocess).values, ElementsAre(-27, 1, 1));
}

TEST(UnitPreprocess, GreyBecomesColourByRepetition) {
  EXPECT_THAT(apply_preprocess(image_of(1, 2, 1, {7, 9}), {}).values, ElementsAre(7, 9, 7, 9, 7, 9));
}

// 0.299 R + 0.587 G + 0.114 B: 76.2, 149.7, 29.07; Pillow 9.4, convert("L"), for the pattern.
TEST(GoldenPreprocess, ColourBecomesGreyByRec601) {
  Preprocess grey;
  grey.channel_order = "GRAY";
  EXPECT_THAT(
      apply_preprocess(image_of(1, 4, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}), grey).values,
      ElementsAre(76, 150, 29, 255));
  EXPECT_THAT(apply_preprocess(pattern(7, 5, 3), grey).values,
              ElementsAreArray({0,  51,  102, 154, 55,  107, 160, 29,  83,  139, 194, 99,
                                79, 135, 58,  117, 176, 158, 68,  127, 187, 88,  150, 137,
                                50, 113, 100, 164, 118, 108, 175, 92,  83,  150, 218}));
}

// 5 x 4 cropped to 2 x 2: margins of 3 columns and 2 rows, so that column 1 and row 1 are the first.
TEST(UnitPreprocess, OddMarginsAreSmallerAtTheTopAndLeft) {
  Preprocess preprocess;
  preprocess.crop = 2;
  preprocess.channel_order = "GRAY";
  EXPECT_THAT(apply_preprocess(five_by_four(), preprocess).values, ElementsAre(233, 14, 162, 199));
}

// 61 x 40 to a shorter side of 16: the longer is 24.4.
TEST(UnitPreprocess, TheLongerSideIsRoundedDown) {
  Preprocess preprocess;
  preprocess.resize_short = 16;
  const PreprocessedImage result = apply_preprocess(pattern(61, 40, 3), preprocess);
  EXPECT_EQ(result.height, 16);
  EXPECT_EQ(result.width, 24);
  EXPECT_EQ(result.channels, 3);
  const PreprocessedImage turned = apply_preprocess(pattern(40, 61, 3), preprocess);
  EXPECT_EQ(turned.height, 24);
  EXPECT_EQ(turned.width, 16);
}

// Pillow 9.4: a crop of 227 at (14, 14) of the image as it is decoded, whose shorter side is 256.
TEST(DataGoldenPreprocess, RealPhotographsAgreeWithPillow) {
  MJ_NEED_SHARED_DATA("images/imagenet_calibration");
  const std::string file = shared_data("images/imagenet_calibration/n01440764.jpg").string();
  Preprocess preprocess;
  preprocess.resize_short = 256;
  preprocess.crop = 227;
  const PreprocessedImage result = apply_preprocess(decode_image(read_file(file), file), preprocess);
  std::string interleaved;
  for (std::size_t i = 0; i < 227 * 227; ++i) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      interleaved += static_cast<char>(static_cast<int>(result.values[channel * 227 * 227 + i]));
    }
  }
  EXPECT_EQ(crc32_of(interleaved), 0x4bc6bd9bU);
}

TEST(ErrorsPreprocess, ACropLargerThanTheImageIsRefused) {
  Preprocess preprocess;
  preprocess.crop = 8;
  EXPECT_EQ(error_of([&] { apply_preprocess(pattern(12, 6, 3), preprocess); }),
            "pattern: has 12 x 6 pixels, fewer than the crop of 8 x 8; set resize_short to 8 or more in the "
            "preprocessing");
}

TEST(ErrorsPreprocess, AnImageThatResizingWouldMakeHugeIsRefused) {
  Preprocess preprocess;
  preprocess.resize_short = 4096;
  EXPECT_EQ(
      error_of([&] { apply_preprocess(pattern(300, 1, 1), preprocess); }),
      "pattern: has 1228800 x 4096 pixels after resizing; at most 67108864 are possible; set `crop` in the "
      "preprocessing");
  preprocess.crop = 5;
  EXPECT_EQ(apply_preprocess(pattern(300, 1, 1), preprocess).values.size(), 75U);
}

}  // namespace
}  // namespace mj
