#include "workflow/conclude.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "energy/zero_savings.h"
#include "network/weights.h"
#include "workflow/density_plan.h"
#include "workflow/layer_errors.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"
#include "workflow/written_network.h"
#include "workflow/zero_notes.h"

namespace mj {
namespace {

/// @param session that runs what is written
NetworkFigures figures(PruneContext& context, const Estimate& estimate, const Measured& measured,
                       Session& session, const std::string& name) {
  NetworkFigures result;
  result.energy = measured.energy;
  if (estimate.mac_picojoules) {
    result.energy_pj = measured.energy * *estimate.mac_picojoules;
  }
  result.cycles = measured.cycles;
  result.nonzero_weights = measured.nonzero_weights;
  for (const LayerEstimate& layer : estimate.layers) {
    result.nonzero_macs += layer.workload.nonzero_macs;
  }
  const auto set_accuracy = [&](const Accuracy& accuracy) {
    result.top1 = accuracy.top1;
    result.top5 = accuracy.top5;
  };
  if (context.job.evaluation) {
    set_accuracy(
        session.evaluate(*context.job.evaluation, stage(context, name + ": final accuracy"), context.stop));
  } else if (measured.accuracy) {
    set_accuracy(*measured.accuracy);
  }
  return result;
}

std::vector<PrunedLayer> describe_layers(PruneContext& context, const Estimate& before, const Estimate& after,
                                         const Network& network, const std::vector<KeptChannels>& kept) {
  const PruneJob& job = context.job;
  context.reference->load_constants(job.network);
  context.working->load_constants(network);
  const NetworkInputs& unseen = context.split.tells_accuracy ? context.split.held_back : *job.evaluation;
  const NetworkInputs images =
      select(unseen, sample_indices(unseen.size, job.options.recipe.images, job.options.seed));
  const auto errors =
      layer_output_errors(*context.reference, *context.working, network, kept, images,
                          job.options.recipe.positions, job.options.seed, context.kept_bytes, context.stop);
  const std::optional<WeightPattern>& pattern = job.setting.accelerator.weight_pattern;
  const auto solver = [&](const MacLayer& layer, const Workload& pruned) -> std::string {
    if (job.options.method != PruneMethod::levels || !has_weights(network, layer)) {
      return "";
    }
    const bool is_patterned =
        pattern && follows(pruned, *pattern) && most_by_pattern(layer, *pattern) < weight_count(layer.shape);
    return is_patterned ? "n-of-m" : std::string(name_of(solver_of(job.options.recipe, layer.shape)));
  };
  std::vector<PrunedLayer> layers;
  for (std::size_t l = 0; l < before.layers.size(); ++l) {
    // Those gone included. What two activations are multiplied in has none.
    const auto weights = static_cast<double>(weight_count(network.layers[l].shape));
    const auto density = [&](const Estimate& estimate) {
      return has_weights(network, network.layers[l]) ? estimate.layers[l].workload.nonzero_weights / weights
                                                     : 1;
    };
    layers.push_back({.name = before.layers[l].workload.name,
                      .density_before = density(before),
                      .density_after = density(after),
                      .energy_before = before.layers[l].energy.total.value,
                      .energy_after = after.layers[l].energy.total.value,
                      .output_error = errors[l],
                      .channels_before = std::ssize(kept[l].outputs),
                      .channels_after = std::count(kept[l].outputs.begin(), kept[l].outputs.end(), true),
                      .solver = solver(network.layers[l], after.layers[l].workload)});
  }
  return layers;
}

/// How near the network came to a budget that it does not keep.
std::string missed_budget(const PruneJob& job, const RoundGoal& goal, const Measured& dense,
                          const Measured& pruned) {
  if (goal.kind == RoundGoal::Kind::weights) {
    return fmt::format(
        "{:.2f} % zeros were asked for; {:.2f} % is the most that was found, as every layer keeps some "
        "weights",
        100 * *job.options.target.sparsity,
        100 * (1 - pruned.nonzero_weights / count_weights(job.network).all));
  }
  const std::string least =
      fmt::format("is the least that was found with zeros in weights{} on {}",
                  may_remove_channels(job) ? " and fewer channels" : "", job.setting.accelerator.name);
  if (job.options.target.energy && job.setting.accelerator.mac_picojoules) {
    const double millijoules = *job.setting.accelerator.mac_picojoules * 1e-9;
    return fmt::format("{:.3g} mJ was asked for; {:.3g} mJ {}", goal.limit * millijoules,
                       pruned.energy * millijoules, least);
  }
  const double whole = counted(goal.kind, dense);
  return fmt::format("{:.2f} % of the dense {} was asked for; {:.2f} % {}", 100 * goal.limit / whole,
                     goal.kind == RoundGoal::Kind::cycles ? "cycles" : "energy",
                     100 * counted(goal.kind, pruned) / whole, least);
}

/// How near the network came; empty where the target holds.
std::string shortfall(const PruneContext& context, const Measured& dense, const Measured& pruned) {
  const PruneJob& job = context.job;
  if (!has_budget(job.options.target)) {
    return pruned.energy < dense.energy
               ? ""
               : "no network with less energy keeps the accuracy; the written one is the one that was given";
  }
  const RoundGoal goal = final_goal(job, dense);
  if (!is_reached(goal, pruned)) {
    return missed_budget(job, goal, dense, pruned);
  }
  if (!is_above_floor(job.options, dense, pruned)) {
    const double drop = *metric_of(dense, job.options.metric) - *metric_of(pruned, job.options.metric);
    return fmt::format(
        "the budget is kept, but accuracy on the images held back fell by {:.2f} points where {:.2f} were "
        "allowed",
        100 * drop, 100 * *job.options.target.max_drop);
  }
  return "";
}

/// Why so much less than the budget is used; empty where it is not.
std::string slack_note(const PruneContext& context, const RunState& state) {
  const PruneJob& job = context.job;
  if (!has_budget(job.options.target)) {
    return "";
  }
  const RoundGoal goal = final_goal(job, state.dense);
  const double reached = counted(goal.kind, state.current);
  if (goal.kind == RoundGoal::Kind::weights || reached >= (1 - most_slack) * goal.limit) {
    return "";
  }
  const char* why =
      !state.network ? "the network that was given is within it, and is written as it is"
      : !zeros_save(job.setting.accelerator) ? "only whole channels can go"
      : job.options.method == PruneMethod::levels
          ? "activations became sparser than was planned, or channels are gone that nothing read any more"
          : "rounds are corrected only where they end above it";
  return fmt::format("the budget is used to {:.1f} %: {}", 100 * reached / goal.limit, why);
}

std::string accuracy_source(const PruneContext& context) {
  const PruneJob& job = context.job;
  if (job.evaluation) {
    return job.evaluation_name;
  }
  return context.split.held_back.labels.empty()
             ? ""
             : fmt::format("{} images of {} that were held back", context.split.held_back.size,
                           job.calibration_name);
}

/// Which channels could not go; empty where all could or none was to.
std::string fixed_channels_note(const PruneContext& context) {
  constexpr std::size_t named = 3;
  const Network& network = context.job.network;
  const std::vector<FixedChannels> fixed =
      may_remove_channels(context.job) ? fixed_channels(network) : std::vector<FixedChannels>();
  std::string note;
  for (std::size_t i = 0; i < std::min(named, fixed.size()); ++i) {
    note += fmt::format("{} those of '{}' for {}", i == 0 ? "channels must stay:" : ",",
                        network.layers[fixed[i].giver].name, place_of(fixed[i].reason));
  }
  if (fixed.size() > named) {
    note += fmt::format(" and others of {} layers", fixed.size() - named);
  }
  return note;
}

}  // namespace

PruneOutcome conclude(PruneContext& context, RunState state) {
  const PruneJob& job = context.job;
  const Measured& dense = state.dense;
  const Measured& pruned = state.current;
  const Network& kept = kept_network(job.network, state);
  PruneOutcome outcome;
  PruneResult& result = outcome.result;
  result.model = job.network.file;
  result.method = job.options.name;
  result.accelerator = job.setting.accelerator.name;
  result.batch = job.options.batch;
  result.seed = job.options.seed;
  const Estimate before = estimate_network(job.network, dense.stats, job.setting);
  WrittenNetwork written = state.network ? network_to_write(context, kept) : as_it_is(kept);
  const Estimate after = estimate_written(context, written, pruned.stats, "pruned network");
  context.working->load_constants(job.network);
  result.before = figures(context, before, dense, *context.working, "dense network");
  context.working->load_constants(kept);
  result.after = figures(context, after, pruned, written.session ? *written.session : *context.working,
                         "pruned network");
  result.layers = describe_layers(context, before, after, kept, written.kept);
  result.history = std::move(state.history);
  result.stopped_by = state.stopped_by;
  result.notes = zero_notes(job.setting.accelerator);
  if (const auto beside = layers_beside_scores(kept); !beside.empty()) {
    result.notes.push_back(fmt::format(
        "all weights of '{}'{} stay: the output '{}' does not need them", kept.layers[beside.front()].name,
        beside.size() == 1 ? "" : fmt::format(" and {} more layers", beside.size() - 1),
        kept.outputs.at(0).name));
  }
  if (std::string note = fixed_channels_note(context); !note.empty()) {
    result.notes.push_back(std::move(note));
  }
  if (std::string note = slack_note(context, state); !note.empty()) {
    result.notes.push_back(std::move(note));
  }
  result.accuracy_on = accuracy_source(context);
  outcome.shortfall = shortfall(context, dense, pruned);
  outcome.reached = outcome.shortfall.empty();
  outcome.network = std::move(written.network);
  return outcome;
}

}  // namespace mj
