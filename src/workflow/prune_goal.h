#pragma once

#include <optional>

#include "workflow/density_plan.h"
#include "workflow/prune_context.h"
#include "workflow/run_state.h"

namespace mj {

/// Rounds after the planned ones, that take off what fine-tuning gave back.
inline constexpr int most_corrections = 8;

/// A cost may lie so far below a budget, as a share of it, without more ado.
inline constexpr double most_slack = 0.01;

/// Whether an energy, cycles or a number of weights is to be reached (else accuracy alone decides).
bool has_budget(const PruneTarget& target);

/// Whether the run looks for the least energy that keeps the accuracy by bisection: every round then starts
/// with the dense network.
bool is_search(const PruneOptions& options);
/// A search ends when the least energy that keeps the accuracy and the highest that does not are so near, as
/// a share of the dense network's.
inline constexpr double search_resolution = 0.02;

/// What the run's goals count: energy where there is no budget.
RoundGoal::Kind goal_kind(const PruneTarget& target);

/// The budget in absolute numbers.
RoundGoal final_goal(const PruneJob& job, const Measured& dense);

/// Where the next round is to come to: a share of the way to the budget, in equal ratios, or a step below the
/// present energy.
RoundGoal round_goal(const PruneJob& job, const RunState& state);

/// What a goal of that kind counts.
double counted(RoundGoal::Kind kind, const Measured& measured);

bool is_reached(const RoundGoal& goal, const Measured& measured);

/// How far accuracy fell from one network to another on the same images, as fractions.
struct AccuracyDrop {
  double drop = 0;
  double error = 0;  ///< its standard error, from the images on which the two differ
};
/// Nothing where the images have no labels.
std::optional<AccuracyDrop> accuracy_drop(Metric metric, const Measured& before, const Measured& after);

/// Whether the accuracy on the held-back images is within --max-drop of the dense network's; true where no
/// floor is set. In a search the drop and its standard error together must be.
bool is_above_floor(const PruneOptions& options, const Measured& dense, const Measured& measured);

}  // namespace mj
