#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "network/network.h"

namespace mj {

/// A batch of maps in memory, whatever the order of its dimensions. Products of features have one row and
/// column.
struct MapView {
  const float* values = nullptr;
  int64_t maps = 0;          ///< images times the layer's n
  int64_t map_step = 0;      ///< elements from one map to the next
  int64_t channel_step = 0;  ///< from one channel to the next
  int64_t row_step = 0;
  int64_t column_step = 0;
};

/// An output position of a batch.
struct Position {
  int64_t map = 0, p = 0, q = 0;
};

/// Draws up to `count` different output positions of one image, in an order in which those near each other
/// in both directions follow each other (Morton, 1966); the same for the same layer shape, seed and image.
/// @param first_map the image's first map in its batch
std::vector<Position> draw_positions(const LayerShape& shape, int64_t count, uint64_t seed, std::size_t image,
                                     int64_t first_map);

/// Writes the inputs that a group's filters meet at each position, ordered c, r, s, zero in the padding, to
/// rows `first_row`, ... of `rows`, which has C R S columns.
void gather_inputs(const MapView& map, const LayerShape& shape, int64_t group,
                   std::span<const Position> positions, int64_t first_row, Matrix& rows);

/// Writes all channels of an output map at each position to rows of `rows`.
void gather_outputs(const MapView& map, std::span<const Position> positions, int64_t first_row, Matrix& rows);

}  // namespace mj
