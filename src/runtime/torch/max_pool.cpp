#include "runtime/torch/max_pool.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

namespace mj {
namespace {

/// A loop of its own, so that the compiler knows that nothing overlaps, for the processor at hand.
[[gnu::noinline, gnu::target_clones("avx2", "default")]] void take_larger(float* __restrict largest,
                                                                          const float* __restrict values,
                                                                          int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float larger = largest[i] > values[i] ? largest[i] : values[i];
    largest[i] = largest[i] != largest[i] ? largest[i] : larger;
  }
}

/// A window's elements that lie in the map, along one dimension: first, one behind the last, distance.
struct Reach {
  int64_t first, end, step;
};

Reach reach(const PlacedWindow& window, std::size_t dimension, int64_t place, int64_t size) {
  const int64_t step = window.dilations[dimension];
  int64_t first = place * window.strides[dimension] - window.head[dimension];
  const int64_t end = std::min(size, first + window.kernel[dimension] * step);
  if (first < 0) {
    first += (-first + step - 1) / step * step;
  }
  return {first, end, step};
}

}  // namespace

bool is_pooled_channels_last(const at::Tensor& maps) {
  return !at::GradMode::is_enabled() && maps.dim() == 4 && maps.scalar_type() == at::kFloat &&
         maps.size(1) > 1 && maps.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor max_pool_channels_last(const at::Tensor& maps, const PlacedWindow& window) {
  const int64_t channels = maps.size(1);
  const int64_t height = maps.size(2);
  const int64_t width = maps.size(3);
  const int64_t columns = window.outputs[1];
  const auto result = at::empty({maps.size(0), channels, window.outputs[0], columns},
                                maps.options().memory_format(at::MemoryFormat::ChannelsLast));
  const float* from = maps.data_ptr<float>();
  float* to = result.data_ptr<float>();
  at::parallel_for(0, maps.size(0) * window.outputs[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const float* map = from + line / window.outputs[0] * height * width * channels;
      const Reach rows = reach(window, 0, line % window.outputs[0], height);
      for (int64_t column = 0; column < columns; ++column) {
        float* largest = to + (line * columns + column) * channels;
        std::fill_n(largest, channels, -std::numeric_limits<float>::infinity());
        const Reach places = reach(window, 1, column, width);
        for (int64_t y = rows.first; y < rows.end; y += rows.step) {
          for (int64_t x = places.first; x < places.end; x += places.step) {
            take_larger(largest, map + (y * width + x) * channels, channels);
          }
        }
      }
    }
  });
  return result;
}

}  // namespace mj
