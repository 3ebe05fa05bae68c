#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace mj {

/// Shares of a layer's non-zero weights that are tried, each with the layer pruned alone.
inline constexpr std::array<double, 6> tried_shares{0.7, 0.5, 0.35, 0.22, 0.12, 0.05};
/// Shares of a group's channels whose removal is tried.
inline constexpr std::array<double, 5> tried_removals{0.125, 0.25, 0.375, 0.5, 0.625};

/// What removing a group's channels does.
struct GroupTrial {
  std::vector<int64_t> order;  ///< channels, those whose removal harms least first
  int64_t unread = 0;          ///< of them, the first ones: nothing reads them any more
  std::vector<double> losses;  ///< at each of tried_removals of the others; empty: not tried
};

/// What pruning a layer does.
struct LayerTrial {
  std::vector<double> losses;          ///< at each of tried_shares; they do not fall as more goes
  std::vector<double> costs;           ///< the same of the layer alone; empty where weights are what counts
  std::optional<double> pattern_loss;  ///< with the accelerator's weight pattern
};

/// Of a network's layers and channel groups, those that were tried so far.
struct TrialResults {
  std::map<std::size_t, LayerTrial> layers;
  std::map<std::size_t, GroupTrial> groups;
};

/// How many of `order` go at a removal: 0 for those that are unread, i + 1 for the share tried_removals[i] of
/// the others too. One of the group's channels stays.
int64_t channels_gone(const GroupTrial& trial, int64_t channels, std::size_t removal);

}  // namespace mj
