#include "workflow/network_energy.h"

#include <set>

#include "network/weights.h"

namespace mj {
namespace {

double cost_of(const Workload& workload, const EnergySetting& setting, Cost cost) {
  const Estimate alone = estimate({workload}, setting.accelerator, setting.workload.batch);
  return cost == Cost::energy ? total_energy(alone).value : total_cycles(alone);
}

}  // namespace

EnergySetting without_pattern(EnergySetting setting, bool without) {
  if (without) {
    setting.workload.pattern_group = 0;
  }
  return setting;
}

Estimate estimate_network(const Network& network, const ActivationStats& stats,
                          const EnergySetting& setting) {
  return estimate(make_workloads(network, &stats, setting.workload), setting.accelerator,
                  setting.workload.batch);
}

double layer_cost(const Network& network, std::size_t layer, const ActivationStats& stats,
                  const EnergySetting& setting, Cost cost) {
  return cost_of(make_workload(network, network.layers[layer], &stats.layers[layer], setting.workload),
                 setting, cost);
}

double layer_cost(const LayerAlone& layer, const Matrix& weights, const EnergySetting& setting, Cost cost) {
  return cost_of(
      make_workload(weights, layer.network.layers.front(), &layer.stats.layers.front(), setting.workload),
      setting, cost);
}

double total_cycles(const Estimate& estimate) {
  return totals_of(estimate).cycles / static_cast<double>(estimate.batch);
}

WeightCount count_weights(const Network& network) {
  WeightCount count;
  std::set<std::string> seen;
  for (const MacLayer& layer : network.layers) {
    if (has_weights(network, layer) && seen.insert(layer.weights).second) {
      count.nonzero += static_cast<double>(count_nonzeros(weight_matrix(network, layer)));
      count.all += static_cast<double>(weight_count(layer.shape));
    }
  }
  return count;
}

}  // namespace mj
