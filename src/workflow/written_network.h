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
/// With all of its channels, as for the network that was given.
WrittenNetwork as_it_is(const Network& network);

/// The energy of what is written.
/// @param stats   of the network that was pruned
/// @param name    of the stage in which smaller networks are measured anew
Estimate estimate_written(PruneContext& context, const WrittenNetwork& written, const ActivationStats& stats,
                          const std::string& name);

}  // namespace mj
