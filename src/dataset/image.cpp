#include "dataset/image.h"

#include <fmt/format.h>

#include "base/error.h"
#include "dataset/decoders.h"

namespace mj {

void check_image_size(int64_t height, int64_t width, std::size_t bytes, const std::string& file) {
  if (height <= 0 || width <= 0 || height > most_pixels / width) {
    throw InputError(file, "header", fmt::format("states {} x {} pixels", width, height),
                     fmt::format("there must be at least one pixel and at most {}", most_pixels));
  }
  // Deflate reaches 1032 : 1, which is 8256 one-bit pixels a byte; JPEG's blocks of 64 take at least a bit.
  constexpr int64_t most_pixels_per_byte = 8256;
  if (height * width / most_pixels_per_byte > static_cast<int64_t>(bytes)) {
    throw InputError(file, "header",
                     fmt::format("states {} x {} pixels, but the file has {} bytes", width, height, bytes),
                     "replace it by an intact file");
  }
}

Image decode_image(const std::string& bytes, const std::string& file) {
  if (bytes.empty()) {
    throw InputError(file, "", "is empty", "name a JPEG or PNG image");
  }
  if (is_jpeg(bytes)) {
    return decode_jpeg(bytes, file);
  }
  if (is_png(bytes)) {
    return decode_png(bytes, file);
  }
  throw InputError(file, "", "is neither a JPEG nor a PNG image", "convert it to one of them");
}

}  // namespace mj
