#include "workflow/prune_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "network/weights.h"
#include "runtime/classifier.h"
#include "workflow/conclude.h"
#include "workflow/density_plan.h"
#include "workflow/memory_need.h"
#include "workflow/prune_context.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"
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
  if (is_search(options)) {
    return options.final_epochs;
  }
  if (!has_budget(options.target) || round + 1 < options.rounds) {
    return options.epochs;
  }
  if (round + 1 == options.rounds) {
    return options.final_epochs;
  }
  return round >= options.rounds + most_corrections / 2 ? 0 : options.epochs;
}

/// Halves the range in which the least energy lies that keeps the accuracy. A goal that was not come to costs
/// too much accuracy, or cannot be come to.
void decide_search(const PruneJob& job, RunState& state, RoundState round, Measured measured, bool kept) {
  const double goal = round_goal(job, state).limit;
  if (!kept || measured.energy > goal) {
    state.too_low = goal;
  }
  if (kept) {
    state.network = std::move(round.network);
    state.current = std::move(measured);
  }
  if (kept && !round.reachable) {
    end_run(state, "no weights left to remove");
  } else if (state.current.energy - state.too_low <= search_resolution * state.dense.energy) {
    end_run(state, "max-drop");
  }
}

/// Takes the round's network or rolls back to the one before it, and decides whether the run has ended.
void decide(const PruneJob& job, RunState& state, Measured measured) {
  const PruneOptions& options = job.options;
  const bool budget = has_budget(options.target);
  const bool kept =
      budget || (is_above_floor(options, state.dense, measured) && measured.energy < state.current.energy);
  RoundState round = *std::exchange(state.begun, std::nullopt);
  ++state.round;
  add_history(state, measured, kept);
  if (is_search(options)) {
    decide_search(job, state, std::move(round), std::move(measured), kept);
    return;
  }
  if (kept) {
    state.network = std::move(round.network);
    state.current = std::move(measured);
    if (budget && is_reached(final_goal(job, state.dense), state.current)) {
      end_run(state, "budget");
    } else if (!round.reachable || (budget && state.round >= options.rounds + most_corrections)) {
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

void save(const PruneContext& context, const RunState& state) {
  if (context.run != nullptr) {
    context.run->save(state);
  }
}

std::string place_of(const RunState& state) {
  if (state.ended || !state.begun) {
    return fmt::format("after round {}", state.round);
  }
  return fmt::format("round {}, {} of {} layers pruned, {} epochs of fine-tuning", state.round + 1,
                     state.begun->pruned, state.begun->order.size(), state.begun->training.epochs);
}

RunState start_state(PruneContext& context) {
  const PruneJob& job = context.job;
  if (context.run != nullptr) {
    if (auto saved = context.run->load(job.network)) {
      if (context.progress) {
        context.progress({"resumed", 0, place_of(*saved), true});
      }
      return *std::move(saved);
    }
  }
  RunState state{.step = job.options.step, .refinements = job.options.refinements};
  if (!context.dense) {
    context.dense = measure(context, job.network, "dense network", true);
    report(context, "dense network", *context.dense, *context.dense);
  }
  state.dense = *context.dense;
  state.current = state.dense;
  if (has_budget(job.options.target) && is_reached(final_goal(job, state.dense), state.current)) {
    end_run(state, "budget");
  }
  save(context, state);
  return state;
}

PruneOutcome run_rounds(PruneContext& context) {
  const auto start = std::chrono::steady_clock::now();
  const PruneJob& job = context.job;
  RunState state = start_state(context);
  while (!state.ended) {
    const std::string name = fmt::format("round {}", state.round + 1);
    Measured measured = prune_round(context, state, epochs_of_round(job.options, state.round), name);
    report(context, name, measured, state.dense);
    decide(job, state, std::move(measured));
    save(context, state);
  }
  PruneOutcome outcome = conclude(context, std::move(state));
  outcome.result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

/// Before the work, since these images are looked at after all of it.
void check_evaluation(const PruneJob& job) {
  check_labelled(job.network, *job.evaluation, job.evaluation_name);
  const std::vector<std::string>& named = job.evaluation->class_names;
  const std::vector<std::string>& known = job.calibration.class_names;
  const auto [other, own] = std::mismatch(named.begin(), named.end(), known.begin(), known.end());
  // Folders of --data may be something else than classes, whose labels decide nothing then.
  const bool are_classes = std::ssize(known) == class_count(job.network);
  if (are_classes && other != named.end() && own != known.end()) {
    throw InputError(job.evaluation_name, "",
                     fmt::format("has '{}' as class {}, which is '{}' in {}", *other, other - named.begin(),
                                 *own, job.calibration_name),
                     "classes are numbered in the order of their folders' names: both must have the same");
  }
}

/// Before the work, too.
void check_widths(const PruneJob& job, const std::vector<double>& most_zeros) {
  if (job.options.method == PruneMethod::magnitude) {
    return;
  }
  for (std::size_t l = 0; l < most_zeros.size(); ++l) {
    const MacLayer& layer = job.network.layers[l];
    if (has_weights(job.network, layer) && !can_be_refitted(layer) && most_zeros[l] > 0) {
      throw InputError(job.network.file, fmt::format("layer '{}'", layer.name),
                       fmt::format("has {} weights in a filter, and at most {} can be refitted",
                                   layer.shape.c * layer.shape.r * layer.shape.s, most_filter_weights),
                       fmt::format("leave it as it is with --keep '{}'", layer.name));
    }
  }
}

}  // namespace

void check_job(const PruneJob& job) {
  if (job.options.target.max_drop && job.calibration.labels.empty()) {
    throw InputError(job.calibration_name, "", "has no labels, so that no accuracy can be kept",
                     "give labelled images, or a budget (--energy, --energy-mj, --latency or --sparsity) "
                     "without --max-drop");
  }
  if (job.evaluation) {
    check_evaluation(job);
  }
  check_widths(job, most_zeros(job.network, job.options.limits));
  most_kept_bytes(job, fitted_count(job.options.recipe, split_images(job).fit.size));
}

PruneOutcome prune_network(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                           std::stop_token stop) {
  check_job(job);
  PruneContext context = open_context(job, run, progress, std::move(stop));
  return run_rounds(context);
}

void prune_front(PruneJob job, const std::vector<double>& energy_shares, const FrontMember& member,
                 const ProgressCallback& progress, std::stop_token stop) {
  job.options.target.energy_share = energy_shares.front();  // Which images are held back depends on a budget.
  check_job(job);
  PruneContext context = open_context(job, nullptr, progress, std::move(stop));
  // All of them before the first begins: one that cannot be used is said at once.
  std::vector<std::unique_ptr<RunFolder>> runs;
  for (const double share : energy_shares) {
    job.options.target.energy_share = share;
    runs.push_back(member.open_run ? member.open_run(job) : nullptr);
  }
  context.shared_run = runs.front().get();
  for (std::size_t i = 0; i < energy_shares.size(); ++i) {
    const double share = energy_shares[i];
    RunFolder* run = runs[i].get();
    job.options.target.energy_share = share;
    set_run(context, run, [&](Progress step) {
      step.stage = fmt::format("{:.4g} %: {}", 100 * share, step.stage);
      if (progress) {
        progress(step);
      }
    });
    member.finish(run_rounds(context), share, run);
  }
}

}  // namespace mj
