#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/image.h"
#include "error_of.h"
#include "hand_made_files.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) {
    text += static_cast<char>(value);
  }
  return text;
}

TEST(UnitPng, EightBitColour) {
  const Image image =
      decode_image(png({2, 2}, bytes({0, 1, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10, 11, 12})), "a.png");
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.name, "a.png");
  EXPECT_THAT(image.pixels, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

TEST(UnitPng, EightBitGreyStaysOneChannel) {
  const Image image = decode_image(png({3, 1, 8, 0}, bytes({0, 10, 20, 255})), "a.png");
  EXPECT_EQ(image.channels, 1);
  EXPECT_THAT(image.pixels, ElementsAre(10, 20, 255));
}

// Bits 1 0 1 1 0, most significant first, of which 1 is white.
TEST(UnitPng, OneBitGreyIsBlackAndWhite) {
  const Image image = decode_image(png({5, 1, 1, 0}, bytes({0, 0b10110000})), "a.png");
  EXPECT_THAT(image.pixels, ElementsAre(255, 0, 255, 255, 0));
}

// value * 255 / 65535, rounded: 0x8000 is 127.502, 0x0101 is 1, 0x7F00 is 126.506.
TEST(UnitPng, SixteenBitsAreScaledToEight) {
  const Image image =
      decode_image(png({4, 1, 16, 0}, bytes({0, 0xFF, 0xFF, 0x80, 0x00, 0x01, 0x01, 0x7F, 0x00})), "a.png");
  EXPECT_THAT(image.pixels, ElementsAre(255, 128, 1, 127));
}

// Two-bit indices 2 0 1 into three colours; the transparency of the palette is dropped.
TEST(UnitPng, PalettesAreExpanded) {
  const std::string palette = png_chunk("PLTE", bytes({9, 8, 7, 10, 20, 30, 200, 150, 100}));
  const std::string transparency = png_chunk("tRNS", bytes({0, 128, 255}));
  const Image image =
      decode_image(png({3, 1, 2, 3}, bytes({0, 0b10000100}), palette + transparency), "a.png");
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.pixels, ElementsAre(200, 150, 100, 9, 8, 7, 10, 20, 30));
}

TEST(UnitPng, TransparencyIsDropped) {
  EXPECT_THAT(decode_image(png({1, 1, 8, 6}, bytes({0, 50, 60, 70, 0})), "a.png").pixels,
              ElementsAre(50, 60, 70));
  const Image grey = decode_image(png({2, 1, 8, 4}, bytes({0, 50, 0, 60, 255})), "a.png");
  EXPECT_EQ(grey.channels, 1);
  EXPECT_THAT(grey.pixels, ElementsAre(50, 60));
  const std::string transparent = png_chunk("tRNS", bytes({0, 50}));
  EXPECT_THAT(decode_image(png({1, 1, 8, 0}, bytes({0, 50}), transparent), "a.png").pixels, ElementsAre(50));
}

// Of two pixels the first belongs to pass 1, the second to pass 6; the passes between are empty.
TEST(UnitPng, InterlacedRowsAreJoined) {
  const Image image = decode_image(png({2, 1, 8, 0, 1}, bytes({0, 11, 0, 22})), "a.png");
  EXPECT_THAT(image.pixels, ElementsAre(11, 22));
}

// A gamma of 1 would make 50 a 120 in sRGB.
/// A TIFF directory with the orientation alone.
std::string exif_chunk(int orientation) {
  return png_chunk("eXIf", "II*" +
                               bytes({0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0}) +
                               bytes({0, 0, 0, 0}));
}

// Orientation 6: the stored rows 1 2 / 3 4 / 5 6 are to be seen a quarter clockwise.
TEST(UnitPng, IsTurnedUpright) {
  const std::string rows = bytes({0, 1, 2, 0, 3, 4, 0, 5, 6});
  const Image image = decode_image(png({2, 3, 8, 0}, rows, exif_chunk(6)), "a.png");
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.width, 3);
  EXPECT_THAT(image.pixels, ElementsAre(5, 3, 1, 6, 4, 2));
  std::string behind = png({2, 3, 8, 0}, rows);
  behind.insert(behind.size() - png_chunk("IEND", "").size(), exif_chunk(3));
  EXPECT_THAT(decode_image(behind, "a.png").pixels, ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(decode_image(png({2, 3, 8, 0}, rows, exif_chunk(9)), "a.png").pixels,
              ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(UnitPng, GammaIsIgnored) {
  const Image image =
      decode_image(png({1, 1, 8, 0}, bytes({0, 50}), png_chunk("gAMA", big_endian(100000))), "a.png");
  EXPECT_THAT(image.pixels, ElementsAre(50));
}

TEST(ErrorsPng, TruncatedFilesAreRefused) {
  const std::string whole = png({2, 2}, std::string(14, '\0'));
  EXPECT_EQ(error_of([&] { decode_image(whole.substr(0, whole.size() - 1), "cut.png"); }),
            "cut.png: is not a readable PNG image (ends early); replace it by an intact file");
  for (std::size_t size = 8; size < whole.size(); ++size) {
    EXPECT_THAT(error_of([&] { decode_image(whole.substr(0, size), "cut.png"); }), HasSubstr("ends early"))
        << size;
  }
}

TEST(ErrorsPng, DamagedChunksAreRefused) {
  std::string damaged = png({2, 2}, std::string(14, '\0'));
  damaged[20] = '\x7F';
  EXPECT_EQ(error_of([&] { decode_image(damaged, "a.png"); }),
            "a.png: is not a readable PNG image (IHDR: CRC error); replace it by an intact file");
}

TEST(ErrorsPng, AHeaderThatTheFileCannotFillIsRefused) {
  EXPECT_EQ(
      error_of([] {
        decode_image(png({8000, 8000}, "x"), "bomb.png");
      }),
      "bomb.png: header: states 8000 x 8000 pixels, but the file has 69 bytes; replace it by an intact file");
}

}  // namespace
}  // namespace mj
