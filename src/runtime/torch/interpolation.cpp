#include "runtime/torch/interpolation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace mj {
namespace {

/// Where a new element lies among the old ones (ONNX, Resize-13, coordinate_transformation_mode).
double old_position(int64_t index, int64_t before, const ResizedAxis& resized, const std::string& mode) {
  const auto x = static_cast<double>(index);
  const auto last = static_cast<double>(before - 1);
  const auto scaled = [&](double position) {
    return position * static_cast<double>(before) / resized.length;
  };
  if (mode == "asymmetric") {
    return scaled(x);
  }
  if (mode == "align_corners") {
    return resized.size == 1 ? 0 : x * last / (resized.length - 1);
  }
  if (mode == "tf_crop_and_resize") {
    const double extent = (resized.crop_end - resized.crop_start) * last;
    return resized.crop_start * last + (resized.size == 1 ? extent / 2 : x * extent / (resized.length - 1));
  }
  if (mode == "tf_half_pixel_for_nn") {
    return scaled(x + 0.5);
  }
  if (mode == "pytorch_half_pixel" && resized.size == 1) {
    return 0;
  }
  return scaled(x + 0.5) - 0.5;
}

double round_position(double x, bool shrinks, const std::string& mode) {
  if (mode == "floor" || (mode == "simple" && !shrinks)) {
    return std::floor(x);
  }
  if (mode == "ceil" || mode == "simple") {
    return std::ceil(x);
  }
  return mode == "round_prefer_floor" ? std::ceil(x - 0.5) : std::floor(x + 0.5);
}

/// Keys 1981, equation for the interpolation kernel, with `a` for its -1/2.
std::array<double, 4> cubic_weights(double t, double a) {
  const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

/// A new element is the sum of `weights` times the old elements from `first` on.
struct Taps {
  double first = 0;
  std::array<double, 4> weights{1, 0, 0, 0};
};

Taps find_taps(double x, bool shrinks, const ResizeRule& rule) {
  if (rule.interpolation == Interpolation::nearest) {
    return {round_position(x, shrinks, rule.rounding), {1, 0, 0, 0}};
  }
  const double left = std::floor(x);
  if (rule.interpolation == Interpolation::linear) {
    return {left, {1 - (x - left), x - left, 0, 0}};
  }
  return {left - 1, cubic_weights(x - left, rule.cubic_coefficient)};
}

std::size_t tap_count(Interpolation interpolation) {
  return interpolation == Interpolation::nearest ? 1 : interpolation == Interpolation::linear ? 2 : 4;
}

void exclude_outside(Taps& taps, double last) {
  double sum = 0;
  for (std::size_t i = 0; i < taps.weights.size(); ++i) {
    const double at = taps.first + static_cast<double>(i);
    taps.weights[i] = at < 0 || at > last ? 0 : taps.weights[i];
    sum += taps.weights[i];
  }
  for (double& weight : taps.weights) {
    weight /= sum;
  }
}

/// Old elements and their weights for all new elements of an axis.
struct Combination {
  std::array<std::vector<int64_t>, 4> indices;
  std::array<std::vector<float>, 4> weights;
  std::vector<int64_t> outside;  ///< new elements beyond the old ones
};

Combination combine(int64_t before, const ResizedAxis& resized, const ResizeRule& rule) {
  Combination all;
  const bool shrinks = resized.length < static_cast<double>(before);
  const auto last = static_cast<double>(before - 1);
  for (int64_t i = 0; i < resized.size; ++i) {
    const double x = old_position(i, before, resized, rule.coordinates);
    TORCH_CHECK(std::isfinite(x), "its new sizes place elements nowhere");
    if (rule.coordinates == "tf_crop_and_resize" && (x < 0 || x > last)) {
      all.outside.push_back(i);
    }
    Taps taps = find_taps(x, shrinks, rule);
    if (rule.excludes_outside) {
      exclude_outside(taps, last);
    }
    for (std::size_t tap = 0; tap < tap_count(rule.interpolation); ++tap) {
      const double at = std::clamp(taps.first + static_cast<double>(tap), 0.0, last);
      all.indices[tap].push_back(static_cast<int64_t>(at));
      all.weights[tap].push_back(static_cast<float>(taps.weights[tap]));
    }
  }
  return all;
}

}  // namespace

at::Tensor resize_axis(const at::Tensor& x, const ResizedAxis& resized, const ResizeRule& rule) {
  TORCH_CHECK(x.size(resized.axis) > 0, "it resizes an empty dimension");
  const auto all = combine(x.size(resized.axis), resized, rule);
  const auto old_elements = [&](std::size_t tap) {
    return at::index_select(x, resized.axis, at::tensor(all.indices[tap], at::kLong));
  };
  at::Tensor result = old_elements(0);
  if (rule.interpolation != Interpolation::nearest) {
    std::vector<int64_t> sizes(static_cast<std::size_t>(x.dim()), 1);
    sizes[static_cast<std::size_t>(resized.axis)] = resized.size;
    const auto weights = [&](std::size_t tap) { return at::tensor(all.weights[tap]).reshape(sizes); };
    result = result * weights(0);
    for (std::size_t tap = 1; tap < tap_count(rule.interpolation); ++tap) {
      result = result + old_elements(tap) * weights(tap);
    }
  }
  return all.outside.empty() ? result
                             : at::index_fill(result, resized.axis, at::tensor(all.outside, at::kLong),
                                              rule.extrapolation_value);
}

}  // namespace mj
