#pragma once

#include <cstdint>

#include "dataset/image.h"

namespace mj {

struct ImageSize {
  int64_t height = 0, width = 0;
};

/// A part of an image.
struct Window {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

/// `image` resized to `size` by a triangle filter that widens with the reduction (bilinear, averaging when
/// shrinking), of which only `window` is computed. Bit for bit what Pillow's resize with BILINEAR gives:
/// columns first, then rows, each rounded to 8 bits with weights of 22 bits.
Image resize_and_crop(const Image& image, const ImageSize& size, const Window& window);

}  // namespace mj
