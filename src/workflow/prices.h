#pragma once

#include <cstddef>
#include <vector>

#include "workflow/network_energy.h"
#include "workflow/prune_layer.h"
#include "workflow/prune_network.h"

namespace mj {

/// What the weights at each input channel and tap of a layer (groups x (C R S)) cost, over their mean: their
/// words, and a MAC for each input that is not zero among those that the tap meets. Follows from what the
/// layer costs less without the half of the taps that meet most of them and without the half that meet
/// fewest. Empty where all cost the same.
std::vector<double> weight_prices(const Network& network, std::size_t layer, const ActivationStats& stats,
                                  const EnergySetting& setting, Cost cost);

/// Sets the prices of a fitted layer's weights as the job's goal counts them.
void price_weights(LayerFit& fit, const Network& network, std::size_t layer, const ActivationStats& stats,
                   const PruneJob& job);

}  // namespace mj
