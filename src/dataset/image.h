#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mj {

/// Pixels in rows from the top, channels interleaved, RGB order or one grey channel.
struct Image {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
  std::string name;  ///< the file or record it came from, for messages
};

/// Decodes JPEG or PNG bytes to 1 (grey) or 3 channels of 8 bits. JPEG: turned upright by its EXIF
/// orientation; CMYK is taken as Adobe stores it (inverted). PNG: palettes expanded, 16 bits scaled to 8,
/// transparency dropped. Colour profiles and gamma are ignored. Throws InputError naming `file` for anything
/// else, for damaged or truncated bytes, and for more than 2^26 pixels.
Image decode_image(const std::string& bytes, const std::string& file);

}  // namespace mj
