#pragma once

#include <memory>
#include <string>
#include <vector>

#include "network/channels.h"
#include "search/estimate.h"
#include "workflow/prune_context.h"

namespace mj {

/// A pruned network as it is written: without the channels that nothing reads, where channels may go.
struct WrittenNetwork {
  Network network;
  std::vector<KeptChannels> kept;    ///< for each layer, of the network that was pruned
  std::unique_ptr<Session> session;  ///< that runs it; null where it is the one that was pruned
};

WrittenNetwork network_to_write(const PruneContext& context, const Network& network);

/// The energy of what is written for `network`.
/// @param stats   of `network`
/// @param name    of the stage in which smaller networks are measured anew
Estimate estimate_written(PruneContext& context, const Network& network, const ActivationStats& stats,
                          const std::string& name);

}  // namespace mj
