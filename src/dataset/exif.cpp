#include <cstddef>
#include <optional>

#include "dataset/decoders.h"

namespace mj {
namespace {

/// Numbers of a TIFF block, in its byte order; nullopt beyond its end.
class TiffBlock {
 public:
  explicit TiffBlock(std::string_view bytes) : bytes_(bytes), big_endian_(bytes.substr(0, 2) == "MM") {}

  std::optional<std::size_t> number(std::size_t offset, std::size_t width) const {
    if (offset > bytes_.size() || width > bytes_.size() - offset) {
      return std::nullopt;
    }
    std::size_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t place = big_endian_ ? i : width - 1 - i;
      value = value << 8U | static_cast<uint8_t>(bytes_[offset + place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

}  // namespace

int tiff_orientation(std::string_view exif) {
  constexpr std::size_t tag_orientation = 0x0112;
  constexpr std::size_t type_short = 3;
  if (exif.substr(0, 2) != "II" && exif.substr(0, 2) != "MM") {
    return 1;
  }
  const TiffBlock block(exif);
  const auto directory = block.number(4, 4);
  const auto entries = directory ? block.number(*directory, 2) : std::nullopt;
  for (std::size_t i = 0; entries && i < *entries; ++i) {
    const std::size_t entry = *directory + 2 + 12 * i;
    if (block.number(entry, 2) != tag_orientation || block.number(entry + 2, 2) != type_short) {
      continue;
    }
    const auto value = block.number(entry + 8, 2);
    return value && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

int exif_orientation(std::string_view jpeg) {
  constexpr std::string_view exif_name("Exif\0\0", 6);
  constexpr unsigned application_1 = 0xE1;
  constexpr unsigned start_of_scan = 0xDA;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<uint8_t>(jpeg[i])); };
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && byte(at) == 0xFF && byte(at + 1) != start_of_scan) {
    const std::size_t length = byte(at + 2) << 8U | byte(at + 3);
    const std::string_view segment = jpeg.substr(at + 4, length < 2 ? 0 : length - 2);
    if (byte(at + 1) == application_1 && segment.substr(0, exif_name.size()) == exif_name) {
      return tiff_orientation(segment.substr(exif_name.size()));
    }
    at += 2 + length;
  }
  return 1;
}

Image turn_upright(Image image, int orientation) {
  if (orientation == 1) {
    return image;
  }
  const bool transpose = orientation >= 5;
  const bool mirror_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool mirror_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  Image upright{transpose ? image.width : image.height, transpose ? image.height : image.width,
                image.channels, std::vector<uint8_t>(image.pixels.size()), image.name};
  auto out = upright.pixels.begin();
  for (int64_t y = 0; y < upright.height; ++y) {
    for (int64_t x = 0; x < upright.width; ++x) {
      const int64_t row = transpose ? x : y;
      const int64_t column = transpose ? y : x;
      const int64_t from_row = mirror_rows ? image.height - 1 - row : row;
      const int64_t from_column = mirror_columns ? image.width - 1 - column : column;
      const auto from = image.pixels.begin() + (from_row * image.width + from_column) * image.channels;
      out = std::copy(from, from + image.channels, out);
    }
  }
  return upright;
}

}  // namespace mj
