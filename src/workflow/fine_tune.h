#pragma once

#include <cstdint>
#include <string>

#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// Fine-tunes state.begun's network with its zeros held, and saves the state after each epoch. Goes on with
/// what state.begun has behind it.
///
/// One schedule over so many epochs; with PruneOptions::on_few_images the images held back choose where it
/// ends and how fast it learns: after each epoch the network is kept, else the mean of it and the best so
/// far, if its predictions on judged_parts of them are nearer to the dense network's than those of the best
/// so far. A schedule in which none is, or that takes them much further away first, is taken back; the next
/// learns at 3/10 of the rate, three at most. So the result is never worse on those parts than the start.
void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name);

/// Parts of images that fine-tuning holds back. Layers may be fitted to the images themselves, which would
/// speak for the network that fine-tuning starts with.
NetworkInputs judged_parts(const NetworkInputs& held_back, uint64_t seed);

}  // namespace mj
