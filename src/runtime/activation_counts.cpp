#include "runtime/activation_counts.h"

#include <algorithm>

#include "base/error.h"

namespace mj {
namespace {

/// Sums over leading copies of a map of `size` elements.
std::vector<double> fold(std::span<const int64_t> counts, int64_t size) {
  ensure(size > 0 && counts.size() % static_cast<std::size_t>(size) == 0, "a map does not fit its layer");
  std::vector<double> sums(static_cast<std::size_t>(size), 0.0);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sums[i % sums.size()] += static_cast<double>(counts[i]);
  }
  return sums;
}

/// Sums over the positions of each channel of a channels x positions map.
std::vector<double> sum_positions(const std::vector<double>& map, int64_t channels) {
  std::vector<double> sums(static_cast<std::size_t>(channels), 0.0);
  const std::size_t positions = map.size() / sums.size();
  for (std::size_t i = 0; i < map.size(); ++i) {
    sums[i / positions] += map[i];
  }
  return sums;
}

/// What one tap meets over all output positions of one channel.
double count_met(const double* channel, const LayerShape& shape, int64_t r, int64_t s) {
  double met = 0;
  for (int64_t p = 0; p < shape.p; ++p) {
    const int64_t y = p * shape.stride[0] - shape.pads[0] + r * shape.dilation[0];
    if (y < 0 || y >= shape.height) {
      continue;
    }
    for (int64_t q = 0; q < shape.q; ++q) {
      const int64_t x = q * shape.stride[1] - shape.pads[1] + s * shape.dilation[1];
      if (x >= 0 && x < shape.width) {
        met += channel[y * shape.width + x];
      }
    }
  }
  return met;
}

std::vector<double> count_taps(const std::vector<double>& map, const LayerShape& shape) {
  std::vector<double> taps;
  taps.reserve(static_cast<std::size_t>(shape.groups * shape.c * shape.r * shape.s));
  for (int64_t channel = 0; channel < shape.groups * shape.c; ++channel) {
    const double* values = map.data() + channel * shape.height * shape.width;
    for (int64_t r = 0; r < shape.r; ++r) {
      for (int64_t s = 0; s < shape.s; ++s) {
        taps.push_back(count_met(values, shape, r, s));
      }
    }
  }
  return taps;
}

/// Of a product of two activations: sums over the rows of each group; a map that all groups share counts for
/// each.
std::vector<double> sum_rows(std::span<const int64_t> counts, const LayerShape& shape, int64_t features) {
  const auto group_size = static_cast<std::size_t>(shape.p * features);
  const bool shared = counts.size() != group_size * static_cast<std::size_t>(shape.groups);
  std::vector<double> sums;
  for (int64_t group = 0; group < shape.groups; ++group) {
    const auto own =
        shared ? counts : counts.subspan(static_cast<std::size_t>(group) * group_size, group_size);
    const auto folded = fold(own, features);
    sums.insert(sums.end(), folded.begin(), folded.end());
  }
  return sums;
}

}  // namespace

LayerActivations layer_activations(const MacLayer& layer, std::span<const int64_t> inputs,
                                   std::span<const int64_t> outputs, int64_t images) {
  const LayerShape& shape = layer.shape;
  const int64_t in_channels = shape.groups * shape.c;
  const int64_t out_channels = shape.groups * shape.k;
  LayerActivations result;
  if (layer.op == "Conv") {
    const auto map = fold(inputs, in_channels * shape.height * shape.width);
    result.tap_nonzeros = count_taps(map, shape);
    result.input_channel_nonzeros = sum_positions(map, in_channels);
    result.output_channel_nonzeros =
        sum_positions(fold(outputs, out_channels * shape.p * shape.q), out_channels);
  } else if (layer.layout == WeightLayout::none) {
    result.tap_nonzeros = sum_rows(inputs, shape, shape.c);
    result.input_channel_nonzeros = result.tap_nonzeros;
    result.output_channel_nonzeros = sum_rows(outputs, shape, shape.k);
  } else {
    result.tap_nonzeros = fold(inputs, in_channels);
    result.input_channel_nonzeros = result.tap_nonzeros;
    result.output_channel_nonzeros = fold(outputs, out_channels);
  }
  for (auto* values :
       {&result.tap_nonzeros, &result.input_channel_nonzeros, &result.output_channel_nonzeros}) {
    for (auto& value : *values) {
      value /= static_cast<double>(std::max<int64_t>(images, 1));
    }
  }
  return result;
}

}  // namespace mj
