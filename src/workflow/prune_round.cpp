#include "workflow/prune_round.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "base/random.h"
#include "workflow/layer_errors.h"
#include "workflow/level_plan.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"

namespace mj {
namespace {

/// A round plans for a little less than its goal, since activations change with the weights.
constexpr double planning_margin = 0.997;

/// Seeds of a round's tasks.
enum Task : uint64_t { values_of_weights = 1'000'000, layer_samples = 2'000'000, fine_tuning = 3'000'000 };

uint64_t round_seed(const PruneContext& context, Task task, int round, std::size_t layer = 0) {
  return derive_seed(derive_seed(context.job.options.seed, task + static_cast<uint64_t>(round)), layer);
}

RoundPlan make_plan(PruneContext& context, const Network& network, const Measured& measured, RoundGoal goal,
                    int round, const std::string& name) {
  const PruneJob& job = context.job;
  if (goal.kind == RoundGoal::Kind::energy) {
    goal.limit *= planning_margin;
  }
  if (job.options.method == PruneMethod::magnitude) {
    return plan_round(network, measured.stats, job.setting, magnitude_ranks(network), false, goal,
                      context.most_zeros);
  }
  if (job.options.method == PruneMethod::admm) {
    return plan_by_levels(context, network, measured, goal, round_seed(context, values_of_weights, round),
                          name);
  }
  context.working->load_constants(network);
  stage(context, name + ": what weights are worth")({});
  const uint64_t seed = round_seed(context, values_of_weights, round);
  const auto sensitivity = context.working->output_sensitivity(context.samples, seed, context.stop);
  const auto power = input_power(*context.working, network, context.samples, job.options.recipe.positions,
                                 seed, context.stop);
  return plan_round(network, measured.stats, job.setting, loss_scores(network, power, sensitivity), true,
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

RoundState begin_round(PruneContext& context, const RunState& state, const std::string& name) {
  RoundPlan plan =
      make_plan(context, state.network, state.current, round_goal(context.job, state), state.round, name);
  return {.keep = std::move(plan.keep),
          .reachable = plan.reachable,
          .order = layer_order(context, state.network, state.current),
          .network = state.network};
}

void checkpoint(const PruneContext& context, const RunState& state) {
  if (context.run != nullptr) {
    context.run->save_if_due(state);
  }
}

void prune_one(PruneContext& context, RoundState& begun, std::size_t layer, int round) {
  const PruneOptions& options = context.job.options;
  const int64_t keep = begun.keep[layer];
  if (keep == 0) {
    return;
  }
  if (options.method == PruneMethod::magnitude) {
    prune_layer_by_magnitude(begun.network, layer, keep);
    return;
  }
  const SampleOptions sampling{.positions = options.recipe.positions,
                               .seed = round_seed(context, layer_samples, round, layer)};
  const Matrix wanted =
      context.reference->sample_layer(context.samples, layer, sampling, context.stop).outputs;
  LayerSamples read = context.working->sample_layer(context.samples, layer, sampling, context.stop);
  prune_layer(begun.network, layer, keep, fit_layer(begun.network, layer, std::move(read), wanted),
              options.method, options.recipe);
  context.working->load_constants(begun.network);
}

void prune_layers(PruneContext& context, RunState& state, const std::string& name) {
  RoundState& begun = *state.begun;
  // Layers keep what the network gives that the round starts with if it was fine-tuned, else what the dense
  // one gives.
  context.reference->load_constants(context.job.options.epochs > 0 ? state.network : context.job.network);
  context.working->load_constants(begun.network);
  while (begun.pruned < begun.order.size()) {
    const std::size_t layer = begun.order[begun.pruned];
    const double fraction = static_cast<double>(begun.pruned) / static_cast<double>(begun.order.size());
    stage(context, name + ": pruning")({.fraction = fraction, .detail = begun.network.layers[layer].name});
    prune_one(context, begun, layer, state.round);
    ++begun.pruned;
    checkpoint(context, state);
  }
}

void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  RoundState& begun = *state.begun;
  TrainOptions training = context.job.options.training;
  training.epochs = epochs;
  training.seed = round_seed(context, fine_tuning, state.round);
  context.teacher->load_constants(context.job.network);
  context.working->load_constants(begun.network);
  while (begun.training.epochs < epochs) {
    context.working->train_epoch(context.split.fit, training, begun.training, context.teacher.get(),
                                 stage(context, name + ": fine-tuning"), context.stop);
    context.working->store_constants(begun.network);
    checkpoint(context, state);
  }
}

}  // namespace

void prune_round(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  if (!state.begun) {
    state.begun = begin_round(context, state, name);
    checkpoint(context, state);
  }
  prune_layers(context, state, name);
  if (epochs > 0) {
    fine_tune(context, state, epochs, name);
  }
}

}  // namespace mj
