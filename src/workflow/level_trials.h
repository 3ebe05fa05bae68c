#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "network/channels.h"
#include "workflow/layer_passes.h"
#include "workflow/prune_context.h"
#include "workflow/prune_layer.h"
#include "workflow/trial_results.h"

namespace mj {

/// How many of tried_shares are found in one search: of large layers one, since the choices of all are there
/// at once.
std::size_t densities_at_once(const LayerShape& shape);
inline constexpr double choice_bytes = 5;  ///< for each weight of a layer: whether it is kept, and its value

/// Whether a group's removal is tried: it has few enough readers of moderate size.
bool can_try(const Network& network, const ChannelGroup& group);
/// Values of the Gram matrices of all that read a group.
double products_to_try(const Network& network, const ChannelGroup& group);

/// Measures what pruning one part of a network does to its outputs: the divergence from what it gave before.
class LevelTrials {
 public:
  LevelTrials(PruneContext& context, const Network& network, const ActivationStats& stats, uint64_t seed);

  /// @param nonzero weights of the layer
  /// @param patterned whether the accelerator's weight pattern is tried
  LayerTrial of_layer(std::size_t layer, double nonzero, bool patterned);
  /// With the readers fitted anew. Groups are tried fastest in the order of their first readers.
  /// @param unread of its channels
  GroupTrial of_group(const ChannelGroup& group, std::size_t unread);

 private:
  /// Makes passes for losses start at a layer, and those for samples of it and of layers behind it.
  void go_to(std::size_t layer);
  /// Of the network that is tried, loaded.
  LayerFit fit(const LayerPasses& passes, std::size_t layer);
  double loss_of(const Network& pruned);

  PruneContext& context_;
  uint64_t seed_;
  const Network& network_;
  const ActivationStats& stats_;
  NetworkInputs images_;
  LayerPasses loss_passes_;
  NetworkInputs part_;                      ///< part_to_sample of the samples
  const NetworkInputs* sampled_ = nullptr;  ///< they or that
  std::optional<LayerPasses> sample_passes_;
  Matrix before_;
};

}  // namespace mj
