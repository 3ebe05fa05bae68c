#pragma once

#include <cstdint>
#include <vector>

#include "runtime/zero_runs.h"

namespace mj {

/// How often each value of a map was not zero, and the runs of zeros, over images.
class NonzeroMap {
 public:
  /// `channels` stand side by side at each of `positions`; 1 for a map in the order in which it is coded.
  NonzeroMap(std::size_t channels, std::size_t positions)
      : channels_(channels), positions_(positions), counts_(channels * positions) {}

  std::size_t channels() const { return channels_; }
  std::size_t size() const { return counts_.size(); }

  /// One image's map: channels x positions values.
  void add(const float* map);

  /// Channel after channel.
  std::vector<int64_t> counts() const;
  const ZeroRunCounter& runs() const { return runs_; }

 private:
  void add_straight(const float* map);
  void add_channels_last(const float* map);
  void keep_tally();

  std::size_t channels_, positions_;
  std::vector<int64_t> counts_;  ///< in the map's own order, without those in tally_
  std::vector<uint8_t> tally_;   ///< of the last few images: a byte a value is a quarter of the traffic
  int tallied_ = 0;              ///< images
  std::vector<uint8_t> packed_;  ///< of eight positions
  std::vector<uint64_t> bits_;   ///< of the present image
  ZeroRunCounter runs_;
};

}  // namespace mj
