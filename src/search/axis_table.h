#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "energy/input_axis.h"

namespace mj {

/// Remembers what count_rows said, for one axis of one layer.
class AxisTable {
 public:
  AxisTable(int64_t stride, int64_t dilation) : stride_(stride), dilation_(dilation), recent_(recent_size) {}

  /// `shift` of no_overlap: a move to other words altogether.
  const AxisRows& rows(int64_t outputs, int64_t taps, const AxisSpreads& neighbours, int64_t shift);

  int64_t stride() const { return stride_; }
  int64_t dilation() const { return dilation_; }

 private:
  static constexpr std::size_t most_spreads = 8;
  static constexpr std::size_t recent_size = 1024;
  /// Outputs, taps, shift, and bound and step of each spread; 0 behind the last.
  using Key = std::array<int32_t, 3 + 2 * most_spreads>;
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Recent {
    Key key{};
    const AxisRows* rows = nullptr;
  };

  int64_t stride_;
  int64_t dilation_;
  std::unordered_map<Key, AxisRows, Hash> known_;
  std::vector<Recent> recent_;  ///< by hash: most questions are asked again at once
};

}  // namespace mj
