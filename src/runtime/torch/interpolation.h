#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace mj {

enum class Interpolation { nearest, linear, cubic };

/// ONNX's Resize: how new elements are made of old ones.
struct ResizeRule {
  Interpolation interpolation = Interpolation::nearest;
  std::string coordinates = "half_pixel";       ///< coordinate_transformation_mode
  std::string rounding = "round_prefer_floor";  ///< nearest_mode; "simple": up where the axis shrinks
  double cubic_coefficient = -0.75;
  bool excludes_outside = false;
  double extrapolation_value = 0;
};

/// One axis made larger or smaller.
struct ResizedAxis {
  int64_t axis = 0;
  int64_t size = 0;                     ///< afterwards
  double length = 0;                    ///< afterwards, with the fraction that a scale leaves
  double crop_start = 0, crop_end = 1;  ///< of tf_crop_and_resize, as fractions
};

/// The interpolations that there are work on each axis by itself.
at::Tensor resize_axis(const at::Tensor& x, const ResizedAxis& resized, const ResizeRule& rule);

}  // namespace mj
