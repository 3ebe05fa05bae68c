#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "network/channels.h"
#include "workflow/network_energy.h"
#include "workflow/prune_options.h"

namespace mj {

/// What a round of pruning is to reach.
struct RoundGoal {
  enum class Kind { energy, cycles, weights };
  Kind kind = Kind::energy;
  double limit = 0;  ///< energy in MACs or cycles, per image, or non-zero weights
};

/// Of layers, where weights are not what counts.
Cost cost_of(RoundGoal::Kind kind);

/// How many weights each layer keeps.
struct RoundPlan {
  std::vector<int64_t> keep;    ///< parallel to Network::layers
  std::vector<bool> patterned;  ///< layers that are to follow the accelerator's weight pattern; empty: none
  std::vector<ChannelGroup> groups;
  std::vector<std::vector<int64_t>> removed;  ///< channels of each group; `keep` is of what they leave
  double predicted = 0;                       ///< in the goal's unit, activations taken as they are
  bool reachable = true;  ///< false: even the fewest weights that a layer may keep miss the goal
};

/// The weights that a layer keeps at least: without any it would cut the network.
/// @param most_zeros the share of its weights that may be zero
int64_t fewest_weights(const Network& network, std::size_t layer, double most_zeros = 1);

/// What each non-zero weight is worth: an estimate of how much the loss rises without it, w^2 E[x^2] F, with
/// F the Fisher information of its output channel (Kronecker-factored diagonal; as Optimal Brain Damage,
/// LeCun 1989, with input and output factors apart).
/// @param input_power for each layer the mean square of its inputs, groups x (C R S) values
/// @param information for each layer Session::output_information
std::vector<Matrix> loss_scores(const Network& network, const std::vector<std::vector<double>>& input_power,
                                const std::vector<OutputInformation>& information);

/// Every layer's weights ranked by magnitude as fractions of the layer, so that one threshold gives all
/// layers the same density.
std::vector<Matrix> magnitude_ranks(const Network& network);

/// Keeps the weights whose score is above one threshold for all layers, the lowest that meets the goal. With
/// `per_joule` a score is first divided by the energy that a weight of its layer costs on average.
/// @param most_zeros for each layer the share of its weights that may be zero; empty: all
RoundPlan plan_round(const Network& network, const ActivationStats& stats, const EnergySetting& setting,
                     const std::vector<Matrix>& scores, bool per_joule, const RoundGoal& goal,
                     const std::vector<double>& most_zeros = {});

/// For each layer of `network` the share of its weights that `limits` let become zero. Throws InputError for
/// a pattern that names no layer.
std::vector<double> most_zeros(const Network& network, const std::vector<LayerLimit>& limits);

/// Layers that the scores, the first output, do not need: those of auxiliary heads. No loss tells what they
/// may lose, so that they keep their weights.
std::vector<std::size_t> layers_beside_scores(const Network& network);

}  // namespace mj
