#pragma once

#include <cstdint>
#include <string>

#include "workflow/density_plan.h"
#include "workflow/prune_context.h"

namespace mj {

/// Decides how many weights each layer keeps by trying: every layer is pruned alone, at several densities,
/// and the Kullback-Leibler divergence of the network's predictions from those it gave before is measured on
/// images. The sum of the layers' divergences is then least for the energy or the number of weights that the
/// goal allows, with one price for all layers.
/// @param seed of the positions that layers are sampled at
RoundPlan plan_by_levels(PruneContext& context, const Network& network, const Measured& measured,
                         const RoundGoal& goal, uint64_t seed, const std::string& name);

}  // namespace mj
