#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataset/dataset.h"

namespace mj {

/// A part of an image, in pixels; may begin and end between two.
struct Crop {
  double top = 0, left = 0, height = 0, width = 0;
};

/// Stretches a part of an image over the whole of it, bilinearly, and mirrors it left to right if `flip`.
/// `values` is channels x height x width.
void crop_image(std::span<float> values, int64_t height, int64_t width, const Crop& crop, bool flip);

/// Crops to a part that has a share from `least_area` to 1 of the area, its sides' ratio changed by a third
/// at most, and mirrors half of the time if `flip`, as `seed` draws.
void augment_image(std::span<float> values, const NetworkInputs& inputs, double least_area, bool flip,
                   uint64_t seed);

/// The images, cropped and mirrored as augment_image does, always in the same way.
NetworkInputs augmented(const NetworkInputs& inputs, double least_area, bool flip, uint64_t seed);

/// Each image, with a varied one behind it, as `augmented` gives it.
NetworkInputs with_variants(const NetworkInputs& inputs, double least_area, bool flip, uint64_t seed);

/// CutMix (Yun et al., ICCV 2019): half of the images of a batch, as `seed` draws, get a rectangle of another
/// one, of any size. `values` holds the batch, one image after the other.
void mix_images(std::span<float> values, std::size_t images, const NetworkInputs& inputs, uint64_t seed);

}  // namespace mj
