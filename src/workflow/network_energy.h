#pragma once

#include <vector>

#include "hardware/accelerator.h"
#include "network/activation_stats.h"
#include "network/network.h"
#include "search/estimate.h"

namespace mj {

/// The accelerator and the conditions under which a network's energy is asked for.
struct EnergySetting {
  Accelerator accelerator;
  WorkloadOptions workload;
};

Estimate estimate_network(const Network& network, const ActivationStats& stats, const EnergySetting& setting);

/// One layer's energy per image.
double layer_energy(const Network& network, std::size_t layer, const ActivationStats& stats,
                    const EnergySetting& setting);

/// Non-zero and all weights of the MAC layers, each shared tensor counted once.
struct WeightCount {
  double nonzero = 0;
  double all = 0;
};
WeightCount count_weights(const Network& network);

}  // namespace mj
