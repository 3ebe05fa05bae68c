#include "energy/input_axis.h"

#include <algorithm>
#include <vector>

namespace mj {
namespace {

using Rows = std::vector<char>;  // whether a row is there, from the lowest on

Rows rows_of(const InputAxis& axis) {
  Rows rows(static_cast<std::size_t>((axis.outputs - 1) * axis.stride + (axis.taps - 1) * axis.dilation + 1));
  for (int64_t p = 0; p < axis.outputs; ++p) {
    for (int64_t r = 0; r < axis.taps; ++r) {
      rows[static_cast<std::size_t>(p * axis.stride + r * axis.dilation)] = 1;
    }
  }
  return rows;
}

Rows fresh_rows(const Rows& rows, int64_t shift) {
  Rows fresh = rows;
  const auto length = static_cast<int64_t>(rows.size());
  for (int64_t row = std::max<int64_t>(0, -shift); row < std::min(length, length - shift); ++row) {
    // The last tile held this tile's row + shift as its own.
    if (rows[static_cast<std::size_t>(row + shift)] != 0) {
      fresh[static_cast<std::size_t>(row)] = 0;
    }
  }
  return fresh;
}

Rows spread_rows(Rows rows, const AxisSpreads& neighbours) {
  for (const auto& [bound, step] : neighbours) {
    if (bound == 1) {
      continue;
    }
    Rows all(rows.size() + static_cast<std::size_t>((bound - 1) * step));
    for (int64_t i = 0; i < bound; ++i) {
      for (std::size_t row = 0; row < rows.size(); ++row) {
        all[row + static_cast<std::size_t>(i * step)] |= rows[row];
      }
    }
    rows = std::move(all);
  }
  return rows;
}

double count(const Rows& rows) {
  return static_cast<double>(std::count(rows.begin(), rows.end(), 1));
}

}  // namespace

AxisRows count_rows(const InputAxis& axis, const AxisSpreads& neighbours, int64_t shift) {
  const Rows held = rows_of(axis);
  const Rows fresh = fresh_rows(held, shift);
  return {count(held), count(fresh), count(spread_rows(held, neighbours)),
          count(spread_rows(fresh, neighbours))};
}

int64_t different_offsets(const AxisSpreads& spreads) {
  if (spreads.size() == 0) {
    return 1;
  }
  if (spreads.size() == 1 && spreads[0].step > 0) {
    return spreads[0].bound;
  }
  return static_cast<int64_t>(count(spread_rows(Rows{1}, spreads)));
}

}  // namespace mj
