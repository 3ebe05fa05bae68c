#include "workflow/written_network.h"

#include <algorithm>
#include <utility>

#include "network/channels.h"
#include "onnx/onnx_file.h"

namespace mj {

WrittenNetwork network_to_write(const PruneContext& context, const Network& network) {
  const std::vector<ChannelGroup> groups =
      may_remove_channels(context.job) ? find_channel_groups(network) : std::vector<ChannelGroup>();
  const auto unread = unread_channels(network, groups);
  std::vector<KeptChannels> kept = kept_channels(network, groups, unread);
  if (std::all_of(unread.begin(), unread.end(), [](const auto& channels) { return channels.empty(); })) {
    return {network, std::move(kept), nullptr};
  }
  Network smaller = without_channels(network, groups, unread);
  infer_shapes(smaller);
  auto session = open_session(smaller, {});
  return {std::move(smaller), std::move(kept), std::move(session)};
}

Estimate estimate_written(PruneContext& context, const Network& network, const ActivationStats& stats,
                          const std::string& name) {
  const WrittenNetwork written = network_to_write(context, network);
  return written.session == nullptr
             ? estimate_network(network, stats, context.job.setting)
             : estimate_network(written.network,
                                written.session->measure_activations(
                                    context.statistics, stage(context, name + ": activations"), context.stop),
                                context.job.setting);
}

}  // namespace mj
