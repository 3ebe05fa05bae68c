#pragma once

#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// What came of a run: figures before and after, layer by layer, and whether the target holds.
PruneOutcome conclude(PruneContext& context, RunState state);

}  // namespace mj
