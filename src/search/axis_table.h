#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "energy/input_axis.h"

namespace mj {

/// The shift of a move to other words altogether.
inline constexpr int64_t elsewhere = std::numeric_limits<int32_t>::max();

/// Remembers what count_rows said, for one axis of one layer.
class AxisTable {
 public:
  AxisTable(int64_t stride, int64_t dilation)
      : stride_(stride),
        dilation_(dilation),
        output_step_(dilation / std::gcd(stride, dilation)),
        tap_step_(stride / std::gcd(stride, dilation)),
        recent_(recent_size) {}

  const AxisRows& rows(int64_t outputs, int64_t taps, const AxisSpreads& neighbours, int64_t shift);

  /// Different rows of so many outputs and taps.
  int64_t positions(int64_t outputs, int64_t taps) const {
    const int64_t repeated =
        std::max<int64_t>(0, outputs - output_step_) * std::max<int64_t>(0, taps - tap_step_);
    return outputs * taps - repeated;
  }

  int64_t stride() const { return stride_; }
  int64_t dilation() const { return dilation_; }

 private:
  static constexpr std::size_t most_spreads = 8;
  static constexpr std::size_t recent_size = 1024;
  /// Outputs and taps, shift and number of spreads, then bound and step of each spread, two to a word; the
  /// rest is 0.
  struct Key {
    std::array<uint64_t, 2 + most_spreads> words{};
    std::size_t used = 2;
    bool operator==(const Key& other) const {
      for (std::size_t i = 0; i < used; ++i) {
        if (words.at(i) != other.words.at(i)) {
          return false;
        }
      }
      return true;  // the number of spreads is among the first two words
    }
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Recent {
    Key key{};
    const AxisRows* rows = nullptr;
  };

  int64_t stride_;
  int64_t dilation_;
  int64_t output_step_;  ///< outputs so far apart, and taps so far apart, meet the same row
  int64_t tap_step_;
  std::unordered_map<Key, AxisRows, Hash> known_;
  std::vector<Recent> recent_;  ///< by hash: most questions are asked again at once
};

}  // namespace mj
