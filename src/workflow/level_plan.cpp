#include "workflow/level_plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "network/weights.h"
#include "workflow/level_choice.h"
#include "workflow/level_trials.h"
#include "workflow/prune_layer.h"
#include "workflow/zero_notes.h"

namespace mj {
namespace {

std::size_t first_reader(const ChannelGroup& group) {
  return *layers_of(group.readers).begin();
}

/// In the order of their first readers, in which they are tried fastest.
std::vector<ChannelGroup> groups_in_order(const PruneContext& context, const Network& network) {
  std::vector<ChannelGroup> groups = removable_channels(context, network);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return first_reader(a) < first_reader(b); });
  return groups;
}

bool can_follow_pattern(const PruneContext& context, const MacLayer& layer, const LayerChoices& choices) {
  const auto& pattern = context.job.setting.accelerator.weight_pattern;
  const int64_t most = pattern ? most_by_pattern(layer, *pattern) : 0;
  return most > 0 && static_cast<double>(most) < choices.nonzero &&
         static_cast<double>(most) >= choices.fewest;
}

std::vector<LayerChoices> try_layers(PruneContext& context, const Network& network, LevelTrials& trials,
                                     const std::string& name) {
  const bool may_lose = context.job.options.target.sparsity || zeros_save(context.job.setting.accelerator);
  std::vector<LayerChoices> layers;
  std::set<std::string> seen;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MacLayer& layer = network.layers[l];
    LayerChoices& choices = layers.emplace_back();
    if (!has_weights(network, layer) || !seen.insert(layer.weights).second) {
      continue;
    }
    choices.nonzero = static_cast<double>(count_nonzeros(weight_matrix(network, layer)));
    if (!can_be_refitted(layer)) {
      continue;
    }
    choices.is_pruned = true;
    if (!may_lose) {
      continue;
    }
    stage(context, name + ": trying densities")(
        {.fraction = static_cast<double>(l) / static_cast<double>(network.layers.size()),
         .detail = layer.name});
    choices.fewest = static_cast<double>(fewest_weights(network, l, context.most_zeros[l]));
    choices.trial = trials.of_layer(l, choices.nonzero, can_follow_pattern(context, layer, choices));
  }
  return layers;
}

std::vector<GroupChoices> try_groups(PruneContext& context, const Network& network, LevelTrials& trials,
                                     const std::string& name) {
  std::vector<GroupChoices> tried;
  const std::vector<ChannelGroup> groups = groups_in_order(context, network);
  const std::vector<std::vector<int64_t>> unread = unread_channels(network, groups);
  for (const ChannelGroup& group : groups) {
    const std::vector<int64_t>& gone = unread[tried.size()];
    stage(context, name + ": trying channels")(
        {.fraction = static_cast<double>(tried.size()) / static_cast<double>(groups.size()),
         .detail = network.layers[first_reader(group)].name});
    tried.push_back({group, can_try(network, group) ? trials.of_group(group, gone.size())
                                                    : GroupTrial{.order = gone, .unread = std::ssize(gone)}});
  }
  return tried;
}

/// A trial prunes one layer alone. In the pruned network the layers behind it are fitted to what it gives,
/// and make good some of its loss: the more, the more of them there are.
std::vector<LayerChoices> as_made_good(std::vector<LayerChoices> layers) {
  constexpr double made_good = 1;  // logarithm of the first layer's share by the last one's; docs/pruning.md
  for (std::size_t l = 0; l < layers.size(); ++l) {
    // All in all layers' losses weigh as channels' do.
    const double place = static_cast<double>(l) / static_cast<double>(layers.size()) - 0.5;
    const double factor = std::exp(made_good * place);
    for (double& loss : layers[l].trial.losses) {
      loss *= factor;
    }
    if (layers[l].trial.pattern_loss) {
      *layers[l].trial.pattern_loss *= factor;
    }
  }
  return layers;
}

}  // namespace

TriedLevels try_levels(PruneContext& context, const Network& network, uint64_t seed,
                       const std::string& name) {
  LevelTrials trials(context, network, seed);
  TriedLevels tried;
  tried.layers = try_layers(context, network, trials, name);
  tried.groups = try_groups(context, network, trials, name);
  return tried;
}

RoundPlan choose_levels(const PruneContext& context, const Network& network, const Measured& measured,
                        const TriedLevels& tried, const RoundGoal& goal) {
  RoundPlan plan;
  for (const GroupChoices& group : tried.groups) {
    plan.groups.push_back(group.group);
  }
  const std::vector<LayerChoices> layers = as_made_good(tried.layers);
  LevelChoice choice = goal.kind == RoundGoal::Kind::weights
                           ? LevelChoice(layers)
                           : LevelChoice(network, measured.stats, context.job.setting, cost_of(goal.kind),
                                         layers, tried.groups);
  const Levels levels = choice.within(goal.limit);
  plan.removed = choice.channels(levels);
  plan.predicted = levels.cost;
  plan.reachable = levels.cost <= goal.limit;
  Network thinned = network;
  for (std::size_t g = 0; g < plan.groups.size(); ++g) {
    clear_channels(thinned, plan.groups[g], plan.removed[g]);
  }
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const int64_t left = layers[l].is_pruned ? count_nonzeros(weight_matrix(thinned, network.layers[l])) : 0;
    plan.patterned.push_back(levels.patterned[l]);
    plan.keep.push_back(std::max(std::min<int64_t>(left, 1), count_at_density(levels.shares[l], left)));
  }
  return plan;
}

}  // namespace mj
