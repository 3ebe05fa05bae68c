#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "network/channels.h"
#include "workflow/layer_passes.h"
#include "workflow/prune_context.h"
#include "workflow/prune_layer.h"

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
  std::optional<double> pattern_loss;  ///< with the accelerator's weight pattern
};

/// How many of `order` go at a removal: 0 for those that are unread, i + 1 for the share tried_removals[i] of
/// the others too. One of the group's channels stays.
int64_t channels_gone(const GroupTrial& trial, int64_t channels, std::size_t removal);

/// Whether a group's removal is tried: it has few enough readers of moderate size.
bool can_try(const Network& network, const ChannelGroup& group);
/// Values of the Gram matrices of all that read a group.
double products_to_try(const Network& network, const ChannelGroup& group);

/// Measures what pruning one part of a network does to its outputs: the divergence from what it gave before.
class LevelTrials {
 public:
  LevelTrials(PruneContext& context, const Network& network, uint64_t seed);

  /// @param nonzero weights of the layer
  /// @param patterned whether the accelerator's weight pattern is tried
  LayerTrial of_layer(std::size_t layer, double nonzero, bool patterned);
  /// With the readers fitted anew. Groups are tried fastest in the order of their first readers.
  /// @param unread of its channels
  GroupTrial of_group(const ChannelGroup& group, std::size_t unread);

 private:
  /// Makes passes for losses start at a layer, and those for samples of it and of layers behind it.
  void go_to(std::size_t layer);
  LayerFit fit(std::size_t layer);
  double loss_of(const Network& pruned);

  PruneContext& context_;
  uint64_t seed_;
  const Network& network_;
  NetworkInputs images_;
  LayerPasses loss_passes_;
  NetworkInputs part_;                      ///< part_to_sample of the samples
  const NetworkInputs* sampled_ = nullptr;  ///< they or that
  std::optional<LayerPasses> sample_passes_;
  Matrix before_;
};

}  // namespace mj
