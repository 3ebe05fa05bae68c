#include "workflow/prune_round.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.h"
#include "workflow/layer_errors.h"
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

void prune_layers(PruneContext& context, Network& network, const RoundPlan& plan,
                  const std::vector<std::size_t>& order, int round, const std::string& name) {
  const PruneOptions& options = context.job.options;
  std::size_t finished = 0;
  for (const std::size_t layer : order) {
    const double fraction = static_cast<double>(finished++) / static_cast<double>(order.size());
    stage(context, name + ": pruning")({.fraction = fraction, .detail = network.layers[layer].name});
    if (plan.keep[layer] == 0) {
      continue;
    }
    if (options.method == PruneMethod::magnitude) {
      prune_layer_by_magnitude(network, layer, plan.keep[layer]);
    } else {
      prune_layer(network, layer, plan.keep[layer], context.samples, *context.working, *context.reference,
                  options.recipe, round_seed(context, layer_samples, round, layer), context.stop);
      context.working->load_constants(network);
    }
  }
}

void fine_tune(PruneContext& context, Network& network, int epochs, int round, const std::string& name) {
  TrainOptions training = context.job.options.training;
  training.epochs = epochs;
  training.seed = round_seed(context, fine_tuning, round);
  context.teacher->load_constants(context.job.network);
  context.working->load_constants(network);
  context.working->train(context.split.fit, training, context.teacher.get(),
                         stage(context, name + ": fine-tuning"), context.stop);
  context.working->store_constants(network);
}

}  // namespace

RoundOutcome prune_round(PruneContext& context, const Network& from, const Measured& measured, RoundGoal goal,
                         int epochs, int round, const std::string& name) {
  const RoundPlan plan = make_plan(context, from, measured, goal, round, name);
  RoundOutcome outcome{from, plan.reachable};
  // Layers keep what the network gives that the round starts with if it was fine-tuned, else what the dense
  // one gives.
  context.reference->load_constants(context.job.options.epochs > 0 ? from : context.job.network);
  context.working->load_constants(from);
  prune_layers(context, outcome.network, plan, layer_order(context, from, measured), round, name);
  if (epochs > 0) {
    fine_tune(context, outcome.network, epochs, round, name);
  }
  return outcome;
}

}  // namespace mj
