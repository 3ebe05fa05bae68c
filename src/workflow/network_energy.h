#pragma once

#include <vector>

#include "base/matrix.h"
#include "hardware/accelerator.h"
#include "network/activation_stats.h"
#include "network/channels.h"
#include "network/network.h"
#include "search/estimate.h"

namespace mj {

/// The accelerator and the conditions under which a network's energy is asked for.
struct EnergySetting {
  Accelerator accelerator;
  WorkloadOptions workload;
};

/// The same without the accelerator's weight pattern, if so: where a few weights follow it by chance is no
/// saving.
EnergySetting without_pattern(EnergySetting setting, bool without);

Estimate estimate_network(const Network& network, const ActivationStats& stats, const EnergySetting& setting);

/// What running a layer costs.
enum class Cost { energy, cycles };

/// One layer's energy in MACs, or its cycles under the mapping of least energy, per image.
double layer_cost(const Network& network, std::size_t layer, const ActivationStats& stats,
                  const EnergySetting& setting, Cost cost);

/// The same with other weights.
double layer_cost(const LayerAlone& layer, const Matrix& weights, const EnergySetting& setting, Cost cost);

/// Per image, of all layers.
double total_cycles(const Estimate& estimate);

/// Non-zero and all weights of the MAC layers, each shared tensor counted once.
struct WeightCount {
  double nonzero = 0;
  double all = 0;
};
WeightCount count_weights(const Network& network);

}  // namespace mj
