#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "network/activation_stats.h"

namespace mj {

/// Counts the runs of zeros before values, in maps that are coded channel after channel, row after row. Maps
/// are masks: a byte a value, 1 where it is not zero, else 0.
class ZeroRunCounter {
 public:
  /// A map in the order in which it is coded.
  void add(std::span<const uint8_t> mask);
  /// A map whose channels stand side by side at each position.
  void add_channels_last(std::span<const uint8_t> mask, int64_t channels);
  void add(const ZeroRunCounter& other);
  /// The means of `images` images.
  ZeroRuns mean(int64_t images) const;

 private:
  void add_run(uint64_t zeros) {
    if (zeros < longest_tallied) {
      ++runs_[zeros];
    } else {
      long_runs_.push_back(zeros);
    }
  }
  void add_bits(std::span<const uint64_t> bits, std::size_t count, uint64_t& zeros);

  static constexpr std::size_t longest_tallied = 1024;
  std::array<uint64_t, longest_tallied> runs_{};  ///< by their length
  std::vector<uint64_t> long_runs_;
};

}  // namespace mj
