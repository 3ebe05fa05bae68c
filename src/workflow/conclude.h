#pragma once

#include "workflow/prune_context.h"
#include "workflow/run_folder.h"

namespace mj {

/// What came of a run: figures before and after, layer by layer, and whether the target holds.
PruneOutcome conclude(PruneContext& context, const Measured& dense, const Measured& pruned, RunState state);

}  // namespace mj
