#include "workflow/prune_goal.h"

#include <cmath>

#include "base/error.h"

namespace mj {
namespace {

/// How much further below the budget each correction aims.
constexpr double correction_margin = 0.002;
/// Accuracies are quotients of whole numbers; their difference is off by rounding.
constexpr double rounding = 1e-12;

}  // namespace

bool has_budget(const PruneTarget& target) {
  return target.energy_share || target.energy || target.cycles_share || target.sparsity;
}

bool is_search(const PruneOptions& options) {
  return options.method == PruneMethod::levels && !has_budget(options.target);
}

RoundGoal::Kind goal_kind(const PruneTarget& target) {
  return target.sparsity       ? RoundGoal::Kind::weights
         : target.cycles_share ? RoundGoal::Kind::cycles
                               : RoundGoal::Kind::energy;
}

RoundGoal final_goal(const PruneJob& job, const Measured& dense) {
  const PruneTarget& target = job.options.target;
  RoundGoal goal{goal_kind(target)};
  switch (goal.kind) {
    case RoundGoal::Kind::weights:
      goal.limit = std::floor(count_weights(job.network).all * (1 - *target.sparsity) + 1e-9);
      break;
    case RoundGoal::Kind::cycles:
      goal.limit = dense.cycles * *target.cycles_share;
      break;
    case RoundGoal::Kind::energy:
      goal.limit = target.energy ? *target.energy : dense.energy * *target.energy_share;
      break;
  }
  return goal;
}

RoundGoal round_goal(const PruneJob& job, const RunState& state) {
  if (is_search(job.options)) {
    return {RoundGoal::Kind::energy, (state.current.energy + state.too_low) / 2};
  }
  if (!has_budget(job.options.target)) {
    return {RoundGoal::Kind::energy, state.current.energy * (1 - state.step)};
  }
  RoundGoal goal = final_goal(job, state.dense);
  const int rounds = job.options.rounds;
  if (state.round + 1 < rounds) {
    const double from = counted(goal.kind, state.dense);
    goal.limit = from * std::pow(goal.limit / from, (state.round + 1.0) / rounds);
  } else if (state.round >= rounds) {
    goal.limit *= 1 - correction_margin * (state.round - rounds + 1);
  }
  return goal;
}

double counted(RoundGoal::Kind kind, const Measured& measured) {
  switch (kind) {
    case RoundGoal::Kind::energy:
      return measured.energy;
    case RoundGoal::Kind::cycles:
      return measured.cycles;
    case RoundGoal::Kind::weights:
      return measured.nonzero_weights;
  }
  throw InternalError("a goal is of no kind");
}

bool is_reached(const RoundGoal& goal, const Measured& measured) {
  return counted(goal.kind, measured) <= goal.limit;
}

std::optional<AccuracyDrop> accuracy_drop(Metric metric, const Measured& before, const Measured& after) {
  if (!before.accuracy || !after.accuracy) {
    return std::nullopt;
  }
  const auto& first = before.accuracy->ranks;
  const auto& second = after.accuracy->ranks;
  ensure(first.size() == second.size(), "accuracies are compared on the same images");
  const float places = metric == Metric::top1 ? 1 : 5;
  double images = 0;
  double lost = 0;
  double won = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] < 0 || second[i] < 0) {
      continue;
    }
    ++images;
    lost += static_cast<double>(first[i] < places && second[i] >= places);
    won += static_cast<double>(first[i] >= places && second[i] < places);
  }
  if (images == 0) {
    return std::nullopt;
  }
  const double drop = (lost - won) / images;
  // Each image's difference is 1, 0 or -1.
  return AccuracyDrop{drop, std::sqrt(((lost + won) / images - drop * drop) / images)};
}

bool is_above_floor(const PruneOptions& options, const Measured& dense, const Measured& measured) {
  const auto fallen = accuracy_drop(options.metric, dense, measured);
  if (!options.target.max_drop || !fallen) {
    return true;
  }
  const double drop = fallen->drop + (is_search(options) ? fallen->error : 0);
  return drop <= *options.target.max_drop + rounding;
}

}  // namespace mj
