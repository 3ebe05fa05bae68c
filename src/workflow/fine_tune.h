#pragma once

#include <string>

#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// Fine-tunes state.begun's network with its zeros held, and saves the state after each epoch. Goes on with
/// what state.begun has behind it.
///
/// One schedule over so many epochs; with PruneOptions::on_few_images the images held back choose where it
/// ends and how fast it learns: after each epoch the network is kept if its predictions on them are nearer to
/// the dense network's than those of the best so far. A schedule in which none is, or that takes them much
/// further away first, is taken back; the next learns at 3/10 of the rate, four at most. So the result is
/// never worse on the images held back than the start.
void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name);

}  // namespace mj
