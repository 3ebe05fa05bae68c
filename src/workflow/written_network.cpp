#include "workflow/written_network.h"

#include <algorithm>
#include <utility>

#include "network/channels.h"
#include "onnx/onnx_file.h"

namespace mj {

WrittenNetwork network_to_write(const PruneContext& context, const Network& network) {
  const std::vector<ChannelGroup> groups = removable_channels(context, network);
  const auto unread = unread_channels(network, groups);
  if (std::all_of(unread.begin(), unread.end(), [](const auto& channels) { return channels.empty(); })) {
    return as_it_is(network);
  }
  Network smaller = without_channels(network, groups, unread);
  infer_shapes(smaller);
  auto session = open_session(smaller, {});
  return {std::move(smaller), kept_channels(network, groups, unread), std::move(session)};
}

WrittenNetwork as_it_is(const Network& network) {
  return {network, kept_channels(network, {}, {}), nullptr};
}

Estimate estimate_written(PruneContext& context, const WrittenNetwork& written, const ActivationStats& stats,
                          const std::string& name) {
  return estimate_network(written.network,
                          written.session == nullptr
                              ? stats
                              : written.session->measure_activations(
                                    context.statistics, stage(context, name + ": activations"), context.stop),
                          context.job.setting);
}

}  // namespace mj
