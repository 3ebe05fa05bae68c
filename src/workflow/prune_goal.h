#pragma once

#include "workflow/density_plan.h"
#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// Rounds after the planned ones, that take off what fine-tuning gave back.
inline constexpr int most_corrections = 8;

/// Whether an energy or a number of weights is to be reached (else accuracy alone decides).
bool has_budget(const PruneTarget& target);

/// The budget in absolute numbers.
RoundGoal final_goal(const PruneJob& job, const Measured& dense);

/// Where the next round is to come to: a share of the way to the budget, in equal ratios, or a step below the
/// present energy.
RoundGoal round_goal(const PruneJob& job, const RunState& state);

bool is_reached(const RoundGoal& goal, const Measured& measured);

/// Whether the accuracy on the held-back images is within --max-drop of the dense network's; true where no
/// floor is set.
bool is_above_floor(const PruneOptions& options, const Measured& dense, const Measured& measured);

}  // namespace mj
