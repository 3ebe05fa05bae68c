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
        recent_(recent_size),
        recent_alone_(recent_size) {}

  const AxisRows& rows(int64_t outputs, int64_t taps, const AxisSpreads& neighbours, int64_t shift) {
    return neighbours.size() == 0 ? rows_alone(outputs, taps, shift)
                                  : look_up(outputs, taps, neighbours, shift);
  }

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
  static constexpr std::size_t recent_size = 1024;  ///< 2^(64 - 54), see rows_alone
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
  /// Most questions.
  const AxisRows& rows_alone(int64_t outputs, int64_t taps, int64_t shift) {
    const uint64_t sizes = pack(outputs, taps);
    const auto moved = static_cast<uint64_t>(shift);
    RecentAlone& recent = recent_alone_[(sizes * 0x9e3779b97f4a7c15U ^ moved * 0xc2b2ae3d27d4eb4fU) >> 54U];
    if (recent.rows == nullptr || recent.sizes != sizes || recent.shift != moved) {
      recent = {sizes, moved, &look_up(outputs, taps, {}, shift)};
    }
    return *recent.rows;
  }
  const AxisRows& look_up(int64_t outputs, int64_t taps, const AxisSpreads& neighbours, int64_t shift);

  static uint64_t pack(int64_t high, int64_t low) {
    return static_cast<uint64_t>(high) << 32U | static_cast<uint32_t>(low);
  }

  struct RecentAlone {
    uint64_t sizes = 0;
    uint64_t shift = 0;
    const AxisRows* rows = nullptr;
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
  std::vector<RecentAlone> recent_alone_;
};

}  // namespace mj
