#include "workflow/prune_network.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/error.h"
#include "workflow/conclude.h"
#include "workflow/prune_context.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_round.h"

namespace mj {
namespace {

void add_history(RunState& state, const Measured& measured, bool kept) {
  PruneStep step{.step = state.round, .energy = measured.energy, .kept = kept};
  if (measured.accuracy) {
    step.top1 = measured.accuracy->top1;
    step.top5 = measured.accuracy->top5;
  }
  state.history.push_back(step);
}

void end_run(RunState& state, const std::string& reason) {
  state.ended = true;
  state.stopped_by = reason;
}

/// Fine-tuning after a round: longer after the last one towards a budget; none after late corrections, so
/// that they close the gap.
int epochs_of_round(const PruneOptions& options, int round) {
  if (!has_budget(options.target) || round + 1 < options.rounds) {
    return options.epochs;
  }
  if (round + 1 == options.rounds) {
    return options.final_epochs;
  }
  return round >= options.rounds + most_corrections / 2 ? 0 : options.epochs;
}

/// Takes the candidate or rolls back to the network before it, and decides whether the run has ended.
void decide(const PruneJob& job, const Measured& dense, Measured& current, RunState& state,
            RoundOutcome candidate, Measured measured) {
  const PruneOptions& options = job.options;
  const bool budget = has_budget(options.target);
  const bool kept = budget || (is_above_floor(options, dense, measured) && measured.energy < current.energy);
  ++state.round;
  add_history(state, measured, kept);
  if (kept) {
    state.network = std::move(candidate.network);
    current = std::move(measured);
    if (budget && is_reached(final_goal(job, dense), current)) {
      end_run(state, "budget");
    } else if (!candidate.reachable || (budget && state.round >= options.rounds + most_corrections)) {
      end_run(state, "no weights left to remove");
    }
    return;
  }
  if (state.refinements == 0) {
    end_run(state, "max-drop");
    return;
  }
  --state.refinements;
  state.step /= 2;
}

RunState start_state(const PruneJob& job, const RunFolder* run) {
  if (run != nullptr) {
    if (auto saved = run->load()) {
      return *std::move(saved);
    }
  }
  return {.step = job.options.step, .refinements = job.options.refinements, .network = job.network};
}

}  // namespace

PruneOutcome prune_network(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                           std::stop_token stop) {
  if (job.options.target.max_drop && job.calibration.labels.empty()) {
    throw InputError(
        job.calibration_name, "", "has no labels, so that no accuracy can be kept",
        "give labelled images, or a budget (--energy, --energy-mj or --sparsity) without --max-drop");
  }
  const auto start = std::chrono::steady_clock::now();
  PruneContext context = open_context(job, progress, std::move(stop));
  RunState state = start_state(job, run);
  const Measured dense = measure(context, job.network, "dense network");
  report(context, "dense network", dense, dense);
  Measured current = state.round == 0 ? dense : measure(context, state.network, "network of the last round");
  if (has_budget(job.options.target) && is_reached(final_goal(job, dense), current)) {
    end_run(state, "budget");
  }
  while (!state.ended) {
    const std::string name = fmt::format("round {}", state.round + 1);
    const RoundGoal goal = round_goal(job, dense, current, state);
    RoundOutcome candidate = prune_round(context, state.network, current, goal,
                                         epochs_of_round(job.options, state.round), state.round, name);
    Measured measured = measure(context, candidate.network, name);
    report(context, name, measured, dense);
    decide(job, dense, current, state, std::move(candidate), std::move(measured));
    if (run != nullptr) {
      run->save(state);
    }
  }
  PruneOutcome outcome = conclude(context, dense, current, std::move(state));
  outcome.result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace mj
