#pragma once

#include <cstdint>
#include <span>

#include "dataset/dataset.h"

namespace mj {

/// Moves an image by (down, right) pixels, its edge pixels filling what becomes free, and mirrors it left to
/// right if `flip`. `values` is channels x height x width.
void move_image(std::span<float> values, int64_t height, int64_t width, int64_t down, int64_t right,
                bool flip);

/// Moves by up to `shift` pixels in each direction and, if `flip`, mirrors half of the time, as `seed` draws.
void augment_image(std::span<float> values, const NetworkInputs& inputs, int64_t shift, bool flip,
                   uint64_t seed);

}  // namespace mj
