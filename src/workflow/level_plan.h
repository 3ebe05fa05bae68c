#pragma once

#include <cstdint>
#include <vector>

#include "network/network.h"
#include "workflow/density_plan.h"
#include "workflow/level_choice.h"
#include "workflow/measured.h"
#include "workflow/prune_context.h"

namespace mj {

/// What trying has told of a network: every layer is pruned alone to a few densities, and every group of
/// channels thinned alone, by the run's method; a loss is the divergence that this brings to the outputs on
/// calibration images (docs/pruning.md).
struct TriedLevels {
  std::vector<LayerChoices> layers;
  std::vector<GroupChoices> groups;  ///< none where the goal counts weights
};

/// @param network to prune; its layers keep their present zeros
/// @param stats   its activations
/// @param round   that begins with it, 1 for the dense network: what its trials tell is kept, each, in the
///                run's folder, and not tried again when the run goes on
TriedLevels try_levels(PruneContext& context, const Network& network, const ActivationStats& stats,
                       uint64_t seed, int round);

/// Which channels go and how many weights each layer keeps: losses are taken to add up, and one price of
/// energy (or of a weight) decides for all, the lowest at which the goal is met.
/// @param network  that was tried
/// @param measured of it
RoundPlan choose_levels(const PruneContext& context, const Network& network, const Measured& measured,
                        const TriedLevels& tried, const RoundGoal& goal);

}  // namespace mj
