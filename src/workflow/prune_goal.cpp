#include "workflow/prune_goal.h"

#include <cmath>

namespace mj {
namespace {

/// How much further below the budget each correction aims.
constexpr double correction_margin = 0.002;
/// Accuracies are quotients of whole numbers; their difference is off by rounding.
constexpr double rounding = 1e-12;

}  // namespace

bool has_budget(const PruneTarget& target) {
  return target.energy_share || target.energy || target.sparsity;
}

RoundGoal final_goal(const PruneJob& job, const Measured& dense) {
  const PruneTarget& target = job.options.target;
  if (target.sparsity) {
    return {RoundGoal::Kind::weights,
            std::floor(count_weights(job.network).all * (1 - *target.sparsity) + 1e-9)};
  }
  return {RoundGoal::Kind::energy, target.energy ? *target.energy : dense.energy * *target.energy_share};
}

RoundGoal round_goal(const PruneJob& job, const RunState& state) {
  if (!has_budget(job.options.target)) {
    return {RoundGoal::Kind::energy, state.current.energy * (1 - state.step)};
  }
  RoundGoal goal = final_goal(job, state.dense);
  const int rounds = job.options.rounds;
  if (state.round + 1 < rounds) {
    const double from =
        goal.kind == RoundGoal::Kind::energy ? state.dense.energy : state.dense.nonzero_weights;
    goal.limit = from * std::pow(goal.limit / from, (state.round + 1.0) / rounds);
  } else if (state.round >= rounds) {
    goal.limit *= 1 - correction_margin * (state.round - rounds + 1);
  }
  return goal;
}

bool is_reached(const RoundGoal& goal, const Measured& measured) {
  return (goal.kind == RoundGoal::Kind::energy ? measured.energy : measured.nonzero_weights) <= goal.limit;
}

bool is_above_floor(const PruneOptions& options, const Measured& dense, const Measured& measured) {
  if (!options.target.max_drop || !measured.accuracy || !dense.accuracy) {
    return true;
  }
  const double drop = *metric_of(dense, options.metric) - *metric_of(measured, options.metric);
  return drop <= *options.target.max_drop + rounding;
}

}  // namespace mj
