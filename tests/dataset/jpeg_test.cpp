#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/random.h"
#include "dataset/decoders.h"
#include "dataset/image.h"
#include "error_of.h"
#include "jpeg_samples.h"
#include "shared_data.h"

namespace mj {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// An EXIF segment with an orientation entry.
std::string exif_segment(bool big_endian_order, uint32_t orientation) {
  const auto number = [&](uint32_t value, int bytes) {
    return big_endian_order ? big_endian(value, bytes) : little_endian(value, bytes);
  };
  const std::string tiff = (big_endian_order ? "MM" : "II") + number(42, 2) + number(8, 4) + number(1, 2) +
                           number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) +
                           number(0, 2) + number(0, 4);
  const std::string content = std::string("Exif\0\0", 6) + tiff;
  return "\xFF\xE1" + big_endian(static_cast<uint32_t>(content.size() + 2), 2) + content;
}

std::string with_exif(const std::string& jpeg, const std::string& segment) {
  return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

/// a b
/// c d
/// e f
Image letters() {
  return {3, 2, 1, {'a', 'b', 'c', 'd', 'e', 'f'}, ""};
}

std::string as_text(const Image& image) {
  return std::to_string(image.height) + "x" + std::to_string(image.width) + " " +
         std::string(image.pixels.begin(), image.pixels.end());
}

// The figures of JEITA CP-3451, table 6: where the stored row 0 and column 0 are to be seen.
TEST(UnitOrientation, TurnsImagesAsExifSays) {
  EXPECT_EQ(as_text(turn_upright(letters(), 1)), "3x2 abcdef");
  EXPECT_EQ(as_text(turn_upright(letters(), 2)), "3x2 badcfe");  // mirrored
  EXPECT_EQ(as_text(turn_upright(letters(), 3)), "3x2 fedcba");  // half a turn
  EXPECT_EQ(as_text(turn_upright(letters(), 4)), "3x2 efcdab");  // upside down
  EXPECT_EQ(as_text(turn_upright(letters(), 5)), "2x3 acebdf");  // transposed
  EXPECT_EQ(as_text(turn_upright(letters(), 6)), "2x3 ecafdb");  // a quarter clockwise
  EXPECT_EQ(as_text(turn_upright(letters(), 7)), "2x3 fdbeca");  // transposed along the other diagonal
  EXPECT_EQ(as_text(turn_upright(letters(), 8)), "2x3 bdface");  // a quarter counter-clockwise
}

TEST(UnitOrientation, IsReadInBothByteOrders) {
  EXPECT_EQ(exif_orientation(with_exif(colour_jpeg(), exif_segment(true, 6))), 6);
  EXPECT_EQ(exif_orientation(with_exif(colour_jpeg(), exif_segment(false, 8))), 8);
}

TEST(UnitOrientation, IsUprightWhereNothingValidIsSaid) {
  EXPECT_EQ(exif_orientation(colour_jpeg()), 1);
  EXPECT_EQ(exif_orientation(with_exif(colour_jpeg(), exif_segment(true, 9))), 1);
  EXPECT_EQ(exif_orientation(with_exif(colour_jpeg(), exif_segment(false, 0))), 1);
  const std::string whole = with_exif(colour_jpeg(), exif_segment(true, 6));
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_EQ(exif_orientation(std::string_view(whole).substr(0, size)), size >= 32 ? 6 : 1) << size;
  }
}

TEST(GoldenJpeg, GreyStaysOneChannel) {
  const Image image = decode_image(grey_jpeg(), "grey.jpg");
  EXPECT_EQ(image.height, 8);
  EXPECT_EQ(image.width, 8);
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(image.name, "grey.jpg");
  EXPECT_EQ(crc32_of(image.pixels), 0x712bb376U);  // Pillow
}

TEST(GoldenJpeg, ColourIsRgb) {
  const Image image = decode_image(colour_jpeg(), "colour.jpg");
  EXPECT_EQ(image.height, 6);
  EXPECT_EQ(image.width, 10);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(crc32_of(image.pixels), 0x055e8c6cU);  // Pillow
}

// Pillow's convert("RGB"): white paper, cyan, magenta, yellow; black, two mixtures, all inks. Pillow cuts off
// where this rounds, so that they may differ by one.
TEST(GoldenJpeg, CmykBecomesRgb) {
  const std::vector<int> expected{254, 253, 254, 1,   255, 255, 252, 1,   253, 253, 253, 0,
                                  1,   1,   1,   135, 176, 46,  211, 201, 191, 0,   0,   0};
  const Image image = decode_image(cmyk_jpeg(), "cmyk.jpg");
  EXPECT_EQ(image.height, 2);
  EXPECT_EQ(image.width, 4);
  EXPECT_EQ(image.channels, 3);
  ASSERT_EQ(image.pixels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(image.pixels[i], expected[i], 1) << i;
  }
}

TEST(UnitJpeg, IsTurnedUpright) {
  const Image stored = decode_image(colour_jpeg(), "a.jpg");
  const Image seen = decode_image(with_exif(colour_jpeg(), exif_segment(true, 6)), "a.jpg");
  ASSERT_EQ(seen.height, 10);
  ASSERT_EQ(seen.width, 6);
  // A quarter clockwise: the stored bottom left pixel stands top left.
  EXPECT_THAT(std::vector<int>(seen.pixels.begin(), seen.pixels.begin() + 3),
              ElementsAre(stored.pixels[150], stored.pixels[151], stored.pixels[152]));
}

TEST(UnitJpeg, ExtraneousBytesAreNoDamage) {
  std::string bytes = grey_jpeg();
  bytes.insert(bytes.size() - 2, "\x01\x02\x03");
  EXPECT_EQ(crc32_of(decode_image(bytes, "grey.jpg").pixels), 0x712bb376U);
}

TEST(ErrorsJpeg, TruncatedFilesAreRefused) {
  const std::string bytes = colour_jpeg();
  EXPECT_EQ(
      error_of([&] { decode_image(bytes.substr(0, bytes.size() - 20), "cut.jpg"); }),
      "cut.jpg: is not a readable JPEG image (Premature end of JPEG file); replace it by an intact file");
  for (std::size_t size = 3; size + 2 < bytes.size(); ++size) {
    EXPECT_THAT(error_of([&] { decode_image(bytes.substr(0, size), "cut.jpg"); }), HasSubstr("cut.jpg: "))
        << size;
  }
}

TEST(ErrorsImage, OtherBytesAreNoImage) {
  EXPECT_EQ(error_of([] { decode_image("", "a.jpg"); }), "a.jpg: is empty; name a JPEG or PNG image");
  EXPECT_EQ(error_of([] { decode_image("GIF89a", "a.jpg"); }),
            "a.jpg: is neither a JPEG nor a PNG image; convert it to one of them");
}

TEST(ErrorsImage, AHeaderThatStatesTooMuchIsRefused) {
  EXPECT_EQ(
      error_of([] { check_image_size(65500, 65500, 1U << 30U, "a.jpg"); }),
      "a.jpg: header: states 65500 x 65500 pixels; there must be at least one pixel and at most 67108864");
  EXPECT_EQ(
      error_of([] { check_image_size(8000, 8000, 100, "a.jpg"); }),
      "a.jpg: header: states 8000 x 8000 pixels, but the file has 100 bytes; replace it by an intact file");
}

/// Bytes of `intact` changed at random: they decode or are refused, nothing else.
void expect_no_crash(const std::string& intact, uint64_t seed) {
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = intact;
    for (uint64_t change = 0; change <= random.below(4); ++change) {
      bytes[8 + random.below(bytes.size() - 8)] = static_cast<char>(random.below(256));
    }
    try {
      const Image image = decode_image(bytes, "damaged");
      EXPECT_EQ(static_cast<int64_t>(image.pixels.size()), image.height * image.width * image.channels);
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged: "));
    }
  }
}

TEST(PropertyImage, DamagedBytesDecodeOrAreRefused) {
  expect_no_crash(grey_jpeg(), 1);
  expect_no_crash(colour_jpeg(), 2);
  expect_no_crash(cmyk_jpeg(), 3);
  expect_no_crash(png({4, 2}, std::string(2 * 13, '\0')), 4);
}

// Pillow 9.4: Image.open(file).tobytes().
TEST(DataGoldenJpeg, DecodesRealPhotographsAsPillowDoes) {
  MJ_NEED_SHARED_DATA("images/imagenet_calibration");
  const std::string file = shared_data("images/imagenet_calibration/n01440764.jpg").string();
  EXPECT_EQ(crc32_of(decode_image(read_file(file), file).pixels), 0xcbf093d4U);
}

}  // namespace
}  // namespace mj
