#include "runtime/receptive_field.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace mj {
namespace {

/// Moves bit i of the lower 32 to bit 2 i.
uint64_t spread_bits(uint64_t x) {
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  x = (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
  x = (x | x << 2) & 0x3333333333333333;
  return (x | x << 1) & 0x5555555555555555;
}

/// The bits of row and column in turn.
uint64_t morton_code(const Position& position) {
  return spread_bits(static_cast<uint64_t>(position.p)) << 1 | spread_bits(static_cast<uint64_t>(position.q));
}

}  // namespace

std::vector<Position> draw_positions(const LayerShape& shape, int64_t count, uint64_t seed, std::size_t image,
                                     int64_t first_map) {
  const int64_t in_map = shape.p * shape.q;
  const auto drawn = sample_indices(static_cast<std::size_t>(shape.n * in_map),
                                    static_cast<std::size_t>(count), derive_seed(seed, image));
  std::vector<std::pair<uint64_t, Position>> coded;  // Once each: a layer has a million of them.
  coded.reserve(drawn.size());
  for (const auto index : drawn) {
    const auto i = static_cast<int64_t>(index);
    const Position position{first_map + i / in_map, i % in_map / shape.q, i % shape.q};
    coded.emplace_back(morton_code(position), position);
  }
  std::sort(coded.begin(), coded.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.map, a.first) < std::pair(b.second.map, b.first);
  });
  std::vector<Position> positions(coded.size());
  std::transform(coded.begin(), coded.end(), positions.begin(), [](const auto& each) { return each.second; });
  return positions;
}

void gather_inputs(const MapView& map, const LayerShape& shape, int64_t group,
                   std::span<const Position> positions, int64_t first_row, Matrix& rows) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto& [image, p, q] = positions[i];
    const int64_t top = p * shape.stride[0] - shape.pads[0];
    const int64_t left = q * shape.stride[1] - shape.pads[1];
    const float* channel = map.values + image * map.map_step + group * shape.c * map.channel_step;
    float* out = rows.row(first_row + static_cast<int64_t>(i));
    for (int64_t c = 0; c < shape.c; ++c, channel += map.channel_step) {
      for (int64_t r = 0; r < shape.r; ++r) {
        const int64_t y = top + r * shape.dilation[0];
        const bool inside = y >= 0 && y < shape.height;
        for (int64_t s = 0; s < shape.s; ++s) {
          const int64_t x = left + s * shape.dilation[1];
          *out++ = inside && x >= 0 && x < shape.width ? channel[y * map.row_step + x * map.column_step] : 0;
        }
      }
    }
  }
}

void gather_outputs(const MapView& map, std::span<const Position> positions, int64_t first_row,
                    Matrix& rows) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto& [image, p, q] = positions[i];
    const float* value = map.values + image * map.map_step + p * map.row_step + q * map.column_step;
    float* out = rows.row(first_row + static_cast<int64_t>(i));
    for (int64_t k = 0; k < rows.columns; ++k) {
      out[k] = value[k * map.channel_step];
    }
  }
}

}  // namespace mj
