#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "network/activation_stats.h"
#include "network/network.h"

namespace mj {

/// Where channels stand in a constant: along `axis`, channel c takes `repeat` places from
/// `first` + c `repeat` on.
struct ChannelPlace {
  std::string constant;
  std::size_t axis = 0;
  int64_t first = 0;
  int64_t repeat = 1;
};

/// An integer of a constant that counts channels: each is worth `repeat`.
struct ChannelCount {
  std::string constant;
  std::size_t index = 0;
  int64_t repeat = 1;
};

/// Where channels stand among a MAC layer's input or output channels, those of all its groups: channel c is
/// `repeat` of them from `first` + c `repeat` on.
struct LayerChannels {
  std::size_t layer = 0;
  int64_t first = 0;
  int64_t repeat = 1;
};

/// Channels of one value, or of several that additions and the like tie together, so that a channel can only
/// go from all of them at once (a dependency group: Fang et al., DepGraph, CVPR 2023).
///
/// A convolution of few groups (AlexNet's towers) has as many channels in each of them: a channel here is one
/// channel of each, and has several entries in the lists. One of many groups (depthwise, ResNeXt) loses whole
/// groups: a channel here is all that a group reads.
struct ChannelGroup {
  int64_t channels = 0;
  std::vector<LayerChannels> givers;   ///< MAC layers with these output channels
  std::vector<LayerChannels> readers;  ///< MAC layers that sum over them
  std::vector<std::size_t> grouped;    ///< convolutions that pass each of them on in groups of its own
  std::vector<ChannelPlace> places;    ///< in weights, biases, batch norms
  std::vector<ChannelCount> counts;
};

/// The layers of a group's givers or readers.
std::set<std::size_t> layers_of(const std::vector<LayerChannels>& channels);

/// All layers whose weights or biases a group's channels stand in.
std::set<std::size_t> layers_with(const ChannelGroup& group);

/// The groups from which channels can be removed with the rest of the network staying as it is. Channels
/// that reach an output, an operator that mixes them or that is unknown, a shared or computed weight, are in
/// none.
std::vector<ChannelGroup> find_channel_groups(const Network& network);

/// Channels that other layers read and that must all stay.
struct FixedChannels {
  std::size_t giver = 0;  ///< the first layer with these output channels
  Node reason;            ///< the first node that needs them all
};

/// All but those that an output of the network needs.
std::vector<FixedChannels> fixed_channels(const Network& network);

/// For each group the channels that no reader has a weight for.
std::vector<std::vector<int64_t>> unread_channels(const Network& network,
                                                  const std::vector<ChannelGroup>& groups);

/// Sets the weights that layers have for a group's channels to zero.
void clear_channels(Network& network, const ChannelGroup& group, const std::vector<int64_t>& channels);

/// Takes channels out of constants, and out of groups' counts. Shapes and layers have to be inferred again.
/// One channel of each group stays.
/// @param channels for each group, in ascending order
Network without_channels(const Network& network, const std::vector<ChannelGroup>& groups,
                         const std::vector<std::vector<int64_t>>& channels);

/// Which of a layer's input and output channels stay, of all its groups.
struct KeptChannels {
  std::vector<bool> inputs;
  std::vector<bool> outputs;
};

/// For each layer of `network`, with a group's `channels` removed.
std::vector<KeptChannels> kept_channels(const Network& network, const std::vector<ChannelGroup>& groups,
                                        const std::vector<std::vector<int64_t>>& channels);

/// One layer by itself, with the channels that stay: a network of it alone, to be priced, not run.
struct LayerAlone {
  Network network;
  ActivationStats stats;  ///< runs of zeros in the proportion of the channels left
};
LayerAlone layer_alone(const Network& network, std::size_t layer, const ActivationStats& stats,
                       const KeptChannels& kept);
LayerAlone layer_alone(const Network& network, std::size_t layer, const ActivationStats& stats);

}  // namespace mj
