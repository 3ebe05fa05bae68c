#include "dataset/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace mj {
namespace {

constexpr int weight_bits = 22;

/// The inputs that one output reads, and their weights in units of 2^-22.
struct Tap {
  int64_t first = 0;
  std::vector<int32_t> weights;
};

Tap tap_of(int64_t output, double scale, int64_t input_size) {
  const double radius = std::max(scale, 1.0);
  const double centre = (static_cast<double>(output) + 0.5) * scale;
  const auto first = std::max<int64_t>(0, static_cast<int64_t>(centre - radius + 0.5));
  const auto end = std::min(input_size, static_cast<int64_t>(centre + radius + 0.5));
  std::vector<double> weights;
  double sum = 0;
  for (int64_t i = first; i < end; ++i) {
    const double distance = std::abs((static_cast<double>(i) - centre + 0.5) / radius);
    weights.push_back(std::max(0.0, 1.0 - distance));
    sum += weights.back();
  }
  Tap tap{first, {}};
  for (const double weight : weights) {
    tap.weights.push_back(static_cast<int32_t>(0.5 + weight / sum * (1 << weight_bits)));
  }
  return tap;
}

/// Taps of outputs begin .. begin + count - 1 of `output_size`.
std::vector<Tap> taps(int64_t input_size, int64_t output_size, int64_t begin, int64_t count) {
  const double scale = static_cast<double>(input_size) / static_cast<double>(output_size);
  std::vector<Tap> result;
  for (int64_t i = begin; i < begin + count; ++i) {
    result.push_back(tap_of(i, scale, input_size));
  }
  return result;
}

/// The weighted sum of values `stride` apart.
uint8_t weighted(const Tap& tap, const uint8_t* values, int64_t stride) {
  int64_t sum = int64_t{1} << (weight_bits - 1);
  for (const int32_t weight : tap.weights) {
    sum += int64_t{weight} * *values;
    values += stride;
  }
  return static_cast<uint8_t>(std::min<int64_t>(sum >> weight_bits, 255));
}

/// Rows `first` .. `first + rows` - 1 with their columns filtered.
Image filter_columns(const Image& image, const std::vector<Tap>& columns, int64_t first, int64_t rows) {
  Image result{rows, static_cast<int64_t>(columns.size()), image.channels, {}, image.name};
  result.pixels.reserve(static_cast<std::size_t>(rows * result.width * image.channels));
  for (int64_t y = first; y < first + rows; ++y) {
    const uint8_t* row = image.pixels.data() + y * image.width * image.channels;
    for (const Tap& tap : columns) {
      for (int64_t channel = 0; channel < image.channels; ++channel) {
        result.pixels.push_back(weighted(tap, row + tap.first * image.channels + channel, image.channels));
      }
    }
  }
  return result;
}

/// `image` starts at row `first` of the whole that the taps refer to.
Image filter_rows(const Image& image, const std::vector<Tap>& rows, int64_t first) {
  const int64_t stride = image.width * image.channels;
  Image result{static_cast<int64_t>(rows.size()), image.width, image.channels, {}, image.name};
  result.pixels.reserve(rows.size() * static_cast<std::size_t>(stride));
  for (const Tap& tap : rows) {
    const uint8_t* top = image.pixels.data() + (tap.first - first) * stride;
    for (int64_t i = 0; i < stride; ++i) {
      result.pixels.push_back(weighted(tap, top + i, stride));
    }
  }
  return result;
}

}  // namespace

Image resize_and_crop(const Image& image, const ImageSize& size, const Window& window) {
  const auto columns = taps(image.width, size.width, window.left, window.width);
  const auto rows = taps(image.height, size.height, window.top, window.height);
  const int64_t first = rows.front().first;
  const int64_t end = rows.back().first + static_cast<int64_t>(rows.back().weights.size());
  return filter_rows(filter_columns(image, columns, first, end - first), rows, first);
}

}  // namespace mj
