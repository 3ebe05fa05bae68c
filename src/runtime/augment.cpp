#include "runtime/augment.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"

namespace mj {
namespace {

/// Where a pixel of the result lies between two of the source.
struct Tap {
  int64_t first = 0;
  int64_t second = 0;
  float part = 0;  ///< of the second
};

std::vector<Tap> taps(double start, double length, int64_t size, bool flip) {
  std::vector<Tap> result(static_cast<std::size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    const double middle = start + (static_cast<double>(i) + 0.5) * length / static_cast<double>(size) - 0.5;
    const double place = std::clamp(middle, 0.0, static_cast<double>(size - 1));
    const auto first = static_cast<int64_t>(place);
    result[static_cast<std::size_t>(flip ? size - 1 - i : i)] = {
        first, std::min(first + 1, size - 1), static_cast<float>(place - std::floor(place))};
  }
  return result;
}

}  // namespace

void crop_image(std::span<float> values, int64_t height, int64_t width, const Crop& crop, bool flip) {
  const std::vector<float> before(values.begin(), values.end());
  const std::vector<Tap> rows = taps(crop.top, crop.height, height, false);
  const std::vector<Tap> columns = taps(crop.left, crop.width, width, flip);
  float* target = values.data();
  for (const float* map = before.data(); map != before.data() + before.size(); map += height * width) {
    for (const Tap& row : rows) {
      const float* upper = map + row.first * width;
      const float* lower = map + row.second * width;
      for (const Tap& column : columns) {
        const float above = upper[column.first] + column.part * (upper[column.second] - upper[column.first]);
        const float below = lower[column.first] + column.part * (lower[column.second] - lower[column.first]);
        *target++ = above + row.part * (below - above);
      }
    }
  }
}

void augment_image(std::span<float> values, const NetworkInputs& inputs, double least_area, bool flip,
                   uint64_t seed) {
  constexpr double largest_ratio = 4.0 / 3;
  Random random(seed);
  const auto height = static_cast<double>(inputs.height);
  const auto width = static_cast<double>(inputs.width);
  const double side = std::sqrt(least_area + random.uniform() * (1 - least_area));
  const double stretch = std::sqrt(std::pow(largest_ratio, 2 * random.uniform() - 1));
  Crop crop{.height = std::min(height, height * side * stretch),
            .width = std::min(width, width * side / stretch)};
  crop.top = random.uniform() * (height - crop.height);
  crop.left = random.uniform() * (width - crop.width);
  crop_image(values, inputs.height, inputs.width, crop, flip && random.below(2) == 1);
}

NetworkInputs augmented(const NetworkInputs& inputs, double least_area, bool flip, uint64_t seed) {
  NetworkInputs result = inputs;
  result.load = [inputs, least_area, flip, seed](std::size_t index, std::span<float> values) {
    inputs.load(index, values);
    augment_image(values, inputs, least_area, flip, derive_seed(seed, index));
  };
  return result;
}

NetworkInputs with_variants(const NetworkInputs& inputs, double least_area, bool flip, uint64_t seed) {
  NetworkInputs result = inputs;
  result.size = 2 * inputs.size;
  result.labels.clear();
  for (const int label : inputs.labels) {
    result.labels.insert(result.labels.end(), 2, label);
  }
  const NetworkInputs variants = augmented(inputs, least_area, flip, seed);
  result.load = [inputs, variants](std::size_t index, std::span<float> values) {
    (index % 2 == 0 ? inputs : variants).load(index / 2, values);
  };
  return result;
}

void mix_images(std::span<float> values, std::size_t images, const NetworkInputs& inputs, uint64_t seed) {
  Random random(seed);
  const std::vector<float> before(values.begin(), values.end());
  const int64_t pixels = inputs.height * inputs.width;
  for (std::size_t i = 0; i < images; ++i) {
    const std::size_t other = random.below(images);
    const bool mixes = random.below(2) == 1;
    const double side = std::sqrt(random.uniform());
    const auto rows = static_cast<int64_t>(std::lround(side * static_cast<double>(inputs.height)));
    const auto columns = static_cast<int64_t>(std::lround(side * static_cast<double>(inputs.width)));
    const auto top = static_cast<int64_t>(random.below(static_cast<uint64_t>(inputs.height - rows + 1)));
    const auto left = static_cast<int64_t>(random.below(static_cast<uint64_t>(inputs.width - columns + 1)));
    if (!mixes) {
      continue;
    }
    for (int64_t channel = 0; channel < inputs.channels; ++channel) {
      for (int64_t y = top; y < top + rows; ++y) {
        const int64_t at = channel * pixels + y * inputs.width + left;
        const auto image = inputs.channels * pixels;
        std::copy_n(before.begin() + static_cast<int64_t>(other) * image + at, columns,
                    values.begin() + static_cast<int64_t>(i) * image + at);
      }
    }
  }
}

}  // namespace mj
