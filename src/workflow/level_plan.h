#pragma once

#include <cstdint>
#include <string>

#include "network/network.h"
#include "workflow/density_plan.h"
#include "workflow/measured.h"
#include "workflow/prune_context.h"

namespace mj {

/// Which channels go and how many weights each layer keeps, by trying: every layer is pruned alone to a few
/// densities, and every group of channels is thinned alone, by the run's method; the loss is the divergence
/// that this brings to the outputs on calibration images. Losses are taken to add up, and one price of energy
/// (or of a weight) decides for all, the lowest at which the goal is met (docs/pruning.md).
/// @param network  to prune; its layers keep their present zeros
/// @param measured of it
/// @param name     of the round, for progress
RoundPlan plan_by_levels(PruneContext& context, const Network& network, const Measured& measured,
                         const RoundGoal& goal, uint64_t seed, const std::string& name);

}  // namespace mj
