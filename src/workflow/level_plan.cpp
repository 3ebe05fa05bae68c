#include "workflow/level_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "network/weights.h"
#include "workflow/level_choice.h"
#include "workflow/level_trials.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"
#include "workflow/zero_notes.h"

namespace mj {
namespace {

/// Trials of a round's network, without those that the run's folder has from before an interruption.
class KeptTrials {
 public:
  KeptTrials(PruneContext& context, const Network& network, const ActivationStats& stats, uint64_t seed,
             int round)
      : context_(context),
        network_(network),
        stats_(stats),
        seed_(seed),
        round_(round),
        run_(round == 1 && context.shared_run != nullptr ? context.shared_run : context.run) {
    if (run_ != nullptr) {
      results_ = run_->load_trials(round_);
    }
  }

  LayerTrial of_layer(std::size_t layer, double nonzero, bool patterned) {
    LayerTrial trial =
        kept(results_.layers, layer, [&] { return trials().of_layer(layer, nonzero, patterned); });
    const bool costs = goal_kind(context_.job.options.target) != RoundGoal::Kind::weights;
    check(trial.losses.size() == tried_shares.size() &&
          trial.costs.size() == (costs ? tried_shares.size() : 0) &&
          trial.pattern_loss.has_value() == patterned);
    return trial;
  }

  /// @param index of the group, in the order in which they are tried
  GroupTrial of_group(std::size_t index, const ChannelGroup& group, std::size_t unread) {
    GroupTrial trial = kept(results_.groups, index, [&] { return trials().of_group(group, unread); });
    check(trial.losses.size() == tried_removals.size() && trial.unread == static_cast<int64_t>(unread) &&
          std::ssize(trial.order) >= channels_gone(trial, group.channels, tried_removals.size()) &&
          std::all_of(trial.order.begin(), trial.order.end(),
                      [&](int64_t channel) { return channel >= 0 && channel < group.channels; }));
    return trial;
  }

  /// Once all that is wanted was tried.
  void save() const {
    if (run_ != nullptr && trials_) {
      run_->save_trials(round_, results_);
    }
  }

 private:
  LevelTrials& trials() {
    if (!trials_) {
      trials_.emplace(context_, network_, stats_, seed_);
    }
    return *trials_;
  }

  /// Of what may have been read.
  void check(bool fits) const {
    if (!fits && run_ != nullptr) {
      throw InputError(run_->path().string(), "", "keeps what trying told of another network",
                       "start the run again in a new folder");
    }
  }

  template <class Trial, class Try>
  Trial kept(std::map<std::size_t, Trial>& results, std::size_t index, Try try_it) {
    auto found = results.find(index);
    if (found == results.end()) {
      found = results.emplace(index, try_it()).first;
      if (run_ != nullptr) {
        run_->save_trials_if_due(round_, results_);
      }
    }
    return found->second;
  }

  PruneContext& context_;
  const Network& network_;
  const ActivationStats& stats_;
  uint64_t seed_;
  int round_;
  RunFolder* run_;
  TrialResults results_;
  std::optional<LevelTrials> trials_;
};

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

std::vector<LayerChoices> try_layers(PruneContext& context, const Network& network, KeptTrials& trials,
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

std::vector<GroupChoices> try_groups(PruneContext& context, const Network& network, KeptTrials& trials,
                                     const std::string& name) {
  std::vector<GroupChoices> tried;
  const std::vector<ChannelGroup> groups = groups_in_order(context, network);
  const std::vector<std::vector<int64_t>> unread = unread_channels(network, groups);
  for (const ChannelGroup& group : groups) {
    const std::vector<int64_t>& gone = unread[tried.size()];
    stage(context, name + ": trying channels")(
        {.fraction = static_cast<double>(tried.size()) / static_cast<double>(groups.size()),
         .detail = network.layers[first_reader(group)].name});
    tried.push_back({group, can_try(network, group) ? trials.of_group(tried.size(), group, gone.size())
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

TriedLevels try_levels(PruneContext& context, const Network& network, const ActivationStats& stats,
                       uint64_t seed, int round) {
  KeptTrials trials(context, network, stats, seed, round);
  const std::string name = fmt::format("round {}", round);
  TriedLevels tried;
  tried.layers = try_layers(context, network, trials, name);
  tried.groups = try_groups(context, network, trials, name);
  trials.save();
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
