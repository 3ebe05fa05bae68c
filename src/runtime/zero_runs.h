#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/activation_stats.h"

namespace mj {

/// Counts the runs of zeros before values, one map after another.
class ZeroRunCounter {
 public:
  /// @param mask a byte for each element of one map, in the order in which it is coded: 1 where it is not
  /// zero
  void add(std::span<const uint8_t> mask);
  void add(const ZeroRunCounter& other);
  /// The means of `images` images.
  ZeroRuns mean(int64_t images) const;

 private:
  void add_run(uint64_t zeros);

  static constexpr std::size_t longest_tallied = 1 << 10;
  std::vector<int64_t> runs_ = std::vector<int64_t>(longest_tallied);  ///< by their length
  std::vector<uint64_t> long_runs_;
};

}  // namespace mj
