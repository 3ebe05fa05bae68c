#pragma once

#include <string>

#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// Fine-tunes state.begun's network with its zeros held, for at most so many epochs in all, and saves the
/// state now and then. Goes on with what state.begun has behind it.
///
/// With PruneOptions::tune_in_cycles, for few images: a cycle is a few epochs, as many as show about
/// 1,600 images, over which the learning rate falls to 0. A cycle after which the network's predictions on
/// the images held back are no nearer to the dense network's is taken back, and the next learn at a
/// tenth of the rate; the second that does not help is the last. So the images held back choose rate and
/// epochs, and the result is never worse on them than the start.
/// Without: one schedule over all epochs.
void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name);

}  // namespace mj
