#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace mj {

/// One axis of an input tile: the rows {p * stride + r * dilation} that its outputs and filter taps meet.
struct InputAxis {
  int64_t outputs = 1;
  int64_t taps = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
};

/// `bound` neighbours, each `step` rows further on.
struct AxisSpread {
  int64_t bound = 1;
  int64_t step = 0;
};

/// The spreads of one axis, at most two for each fan-out; without memory of their own, as searches make many.
class AxisSpreads {
 public:
  void push_back(const AxisSpread& spread) {
    ensure(count_ < items_.size(), "an operand is spread at too many places");
    items_.at(count_++) = spread;
  }
  void clear() { count_ = 0; }
  std::size_t size() const { return count_; }
  const AxisSpread* begin() const { return items_.data(); }
  const AxisSpread* end() const { return items_.data() + count_; }
  const AxisSpread& operator[](std::size_t i) const { return items_.at(i); }

 private:
  std::array<AxisSpread, 8> items_{};
  std::size_t count_ = 0;
};

/// Rows of one tile, and of all neighbours' tiles together, each row once.
struct AxisRows {
  double held = 0;
  double fresh = 0;        ///< not among the rows before a move by `shift`
  double held_by_all = 0;  ///< of the union over the neighbours
  double fresh_for_all = 0;
};

/// Counts rows, the holes of strides and dilations left out. `shift` is the move from the last tile to this
/// one, the same for all neighbours.
AxisRows count_rows(const InputAxis& axis, const AxisSpreads& neighbours, int64_t shift);

/// Different sums of one offset of each spread.
int64_t different_offsets(const AxisSpreads& spreads);

}  // namespace mj
