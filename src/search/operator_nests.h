#pragma once

#include <cstdint>
#include <optional>

#include "hardware/accelerator.h"
#include "network/network.h"

namespace mj {

/// What the best loop nest of an operator without weights moves, for the whole batch.
struct OperatorMoves {
  double read = 0;     ///< words, at the outermost level
  double written = 0;  ///< words, at the outermost level
  double energy = 0;   ///< in MACs, of all levels
};

/// Pooling over two dimensions: a channel at a time, counted exactly (docs/mapper.md). Padding counts as
/// data, and arithmetic is free.
/// @param bits of a value
/// @return nullopt where the node is no such pooling, a size is not known, or the levels have no room
std::optional<OperatorMoves> map_pooling(const Network& network, const Node& node,
                                         const Accelerator& accelerator, int64_t batch, int bits);

bool is_element_wise(const Node& node);

/// Energy of a word on its way through all levels, in MACs: nothing of an element-wise operator is used
/// twice, so that all its nests cost the same.
struct WayPrices {
  double in = 0;   ///< from the outermost level to the arithmetic
  double out = 0;  ///< and back
};
WayPrices element_wise_prices(const Accelerator& accelerator, int bits);

}  // namespace mj
