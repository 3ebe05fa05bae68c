#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataset/image.h"

namespace mj {

/// More pixels than this are refused: a damaged header must not lead to a huge allocation.
inline constexpr int64_t most_pixels = int64_t{1} << 26;

/// Throws InputError where the sizes stated in the header of `file` are not positive, beyond most_pixels, or
/// more than its `bytes` can hold at the best compression.
void check_image_size(int64_t height, int64_t width, std::size_t bytes, const std::string& file);

bool is_jpeg(std::string_view bytes);
bool is_png(std::string_view bytes);

/// Throw InputError naming `file`; see decode_image.
Image decode_jpeg(std::string_view bytes, const std::string& file);
Image decode_png(std::string_view bytes, const std::string& file);

/// The orientation tag of an EXIF block (JEITA CP-3451, tag 0x0112), a TIFF header and what follows: 1 to 8;
/// 1, upright, where there is none or it cannot be read.
int tiff_orientation(std::string_view exif);
/// That of a JPEG file's EXIF block.
int exif_orientation(std::string_view jpeg);

/// The image as it is to be seen, given the EXIF orientation of its pixels.
Image turn_upright(Image image, int orientation);

}  // namespace mj
