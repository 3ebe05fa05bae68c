#include "workflow/prune_round.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "onnx/onnx_file.h"
#include "workflow/fine_tune.h"
#include "workflow/layer_errors.h"
#include "workflow/layer_fitting.h"
#include "workflow/level_plan.h"
#include "workflow/prices.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"

namespace mj {
namespace {

/// What a corrected plan aims at, as a share of the goal.
constexpr double corrected_aim = 0.998;
constexpr int most_tries = 3;
/// Methods without corrections plan for a little less than the goal.
constexpr double planning_margin = 0.997;

bool starts_dense(const PruneContext& context, const RunState& state) {
  return is_search(context.job.options) || state.round == 0;
}

/// What a round prunes.
const Network& start_network(const PruneContext& context, const RunState& state) {
  return is_search(context.job.options) ? context.job.network : kept_network(context.job.network, state);
}

const Measured& start_measured(const PruneContext& context, const RunState& state) {
  return is_search(context.job.options) ? state.dense : state.current;
}

RoundPlan make_plan(PruneContext& context, const RunState& state, RoundGoal goal, const std::string& name) {
  const PruneJob& job = context.job;
  const Network& network = start_network(context, state);
  const Measured& measured = start_measured(context, state);
  if (job.options.method == PruneMethod::magnitude) {
    return plan_round(network, measured.stats, job.setting, magnitude_ranks(network), false, goal,
                      context.most_zeros);
  }
  const uint64_t seed =
      round_seed(context, Task::values_of_weights, is_search(job.options) ? 0 : state.round);
  if (job.options.method == PruneMethod::levels) {
    const bool is_dense = starts_dense(context, state);
    auto& tried = is_dense ? context.tried_dense : context.tried;
    if (tried == nullptr) {
      tried = std::make_shared<const TriedLevels>(
          try_levels(context, network, measured.stats, seed, is_dense ? 1 : state.round + 1));
    }
    return choose_levels(context, network, measured, *tried, goal);
  }
  context.working->load_constants(network);
  const auto information = context.working->output_information(
      context.samples, 0, seed, stage(context, name + ": what weights are worth"), context.stop);
  const auto power = input_power(*context.working, network, context.samples, job.options.recipe.positions,
                                 seed, context.stop);
  return plan_round(network, measured.stats, job.setting, loss_scores(network, power, information), true,
                    goal, context.most_zeros);
}

/// Layers stand in the network in the graph's order.
std::vector<std::size_t> layer_order(const PruneContext& context, const Network& network,
                                     const Measured& measured) {
  std::vector<std::size_t> order(network.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (context.job.options.order == LayerOrder::energy) {
    const Estimate estimate = estimate_network(network, measured.stats, context.job.setting);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return estimate.layers[a].energy.total > estimate.layers[b].energy.total;
    });
  }
  return order;
}

/// @param aim of the plan, as a share of the round's goal
RoundState begin_round(PruneContext& context, const RunState& state, const std::string& name, double aim) {
  RoundGoal goal = round_goal(context.job, state);
  if (goal.kind != RoundGoal::Kind::weights) {
    goal.limit *= aim;
  }
  RoundPlan plan = make_plan(context, state, goal, name);
  RoundState begun{
      .keep = std::move(plan.keep),
      .patterned = {plan.patterned.begin(), plan.patterned.end()},
      .reachable = plan.reachable,
      .order = layer_order(context, start_network(context, state), start_measured(context, state)),
      .aim = aim,
      .network = start_network(context, state)};
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    clear_channels(begun.network, plan.groups[g], plan.removed[g]);
  }
  return begun;
}

/// Layers keep what the network gives that the round starts with if it was fine-tuned, else what the dense
/// one gives.
const Network& reference_network(const PruneContext& context, const RunState& state) {
  return context.job.options.epochs > 0 ? start_network(context, state) : context.job.network;
}

/// @param stats activations of the network that the round starts with
void prune_one(PruneContext& context, LayerFitting& fitting, RoundState& begun, const Network& reference,
               const ActivationStats& stats, std::size_t layer, int round) {
  const PruneOptions& options = context.job.options;
  const int64_t keep = begun.keep[layer];
  if (keep == 0) {
    return;
  }
  if (options.method == PruneMethod::magnitude) {
    prune_layer_by_magnitude(begun.network, layer, keep);
    return;
  }
  if (!can_be_refitted(begun.network.layers[layer])) {
    return;
  }
  LayerFit fit = fitting.fit(begun.network, layer, round_seed(context, Task::layer_samples, round, layer));
  if (!fit.norm_mean.empty()) {
    // The fitted shift is one from the outputs that the reference's mean belongs to.
    begun.network.constants.find(fit.norm_mean)->second = reference.constants.find(fit.norm_mean)->second;
  }
  if (options.method == PruneMethod::levels) {
    price_weights(fit, begun.network, layer, stats, context.job);
  }
  const bool is_patterned = !begun.patterned.empty() && begun.patterned[layer] != 0;
  prune_layer(begun.network, layer, keep,
              is_patterned ? context.job.setting.accelerator.weight_pattern : std::nullopt, fit,
              options.method, options.recipe);
  round_constants(begun.network);
  context.working->load_constants(begun.network);
}

void prune_layers(PruneContext& context, RunState& state, const std::string& name) {
  RoundState& begun = *state.begun;
  const Network& reference = reference_network(context, state);
  context.reference->load_constants(reference);
  context.working->load_constants(begun.network);
  LayerFitting fitting(context);
  while (begun.pruned < begun.order.size()) {
    const std::size_t layer = begun.order[begun.pruned];
    const double fraction = static_cast<double>(begun.pruned) / static_cast<double>(begun.order.size());
    stage(context, name + ": pruning")({.fraction = fraction, .detail = begun.network.layers[layer].name});
    prune_one(context, fitting, begun, reference, start_measured(context, state).stats, layer, state.round);
    ++begun.pruned;
    save_if_due(context, state);
  }
}

/// Activations change with the weights, so that the cost is not quite what was planned. Where it is off the
/// goal the layers are pruned anew, from what they were, by a plan with another aim.
/// @param[out] measured of the round's network where it stays
bool is_corrected(PruneContext& context, RunState& state, const std::string& name,
                  std::optional<Measured>& measured) {
  RoundState& begun = *state.begun;
  const RoundGoal goal = round_goal(context.job, state);
  if (begun.settled || goal.kind == RoundGoal::Kind::weights ||
      context.job.options.method != PruneMethod::levels || begun.corrections + 1 >= most_tries) {
    return false;
  }
  measured = measure(context, begun.network, name);
  const double reached = counted(goal.kind, *measured);
  const bool is_above = reached > goal.limit;
  if (is_above ? !begun.reachable : reached >= (1 - most_slack) * goal.limit) {
    return false;
  }
  RoundState next = begin_round(context, state, name, begun.aim * corrected_aim * goal.limit / reached);
  if (!is_above && next.keep == begun.keep && next.patterned == begun.patterned) {
    return false;  // Nothing lies between: only whole channels go, say.
  }
  next.corrections = begun.corrections + 1;
  begun = std::move(next);
  measured.reset();
  save_if_due(context, state);
  return true;
}

/// A search takes a network as it is pruned where that keeps the accuracy.
bool needs_tuning(PruneContext& context, const RunState& state, const std::string& name,
                  std::optional<Measured>& measured) {
  if (!is_search(context.job.options) || state.begun->training.epochs > 0) {
    return true;
  }
  if (!measured) {
    measured = measure(context, state.begun->network, name);
  }
  return !is_above_floor(context.job.options, state.dense, *measured);
}

}  // namespace

Measured prune_round(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  context.tried = nullptr;  // It is of another network.
  if (!state.begun) {
    state.begun = begin_round(context, state, name,
                              context.job.options.method == PruneMethod::levels ? 1 : planning_margin);
    save_if_due(context, state);
  }
  std::optional<Measured> measured;
  do {
    prune_layers(context, state, name);
  } while (is_corrected(context, state, name, measured));
  state.begun->settled = true;
  if (epochs > 0 && needs_tuning(context, state, name, measured)) {
    fine_tune(context, state, epochs, name);
    round_constants(state.begun->network);
    measured.reset();
  }
  return measured ? *std::move(measured) : measure(context, state.begun->network, name);
}

}  // namespace mj
