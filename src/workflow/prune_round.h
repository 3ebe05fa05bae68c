#pragma once

#include <string>

#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// One round: plan how many weights each layer keeps, prune the layers from the most to the least expensive,
/// fine-tune with the zeros held. Goes on with state.begun if that is there, and leaves the round's network
/// in it; the context's run keeps the state after each layer and epoch.
/// @param epochs of fine-tuning
/// @return the figures of the round's network
Measured prune_round(PruneContext& context, RunState& state, int epochs, const std::string& name);

}  // namespace mj
