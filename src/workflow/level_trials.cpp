#include "workflow/level_trials.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "base/random.h"
#include "network/weights.h"
#include "prune/channel_elimination.h"
#include "workflow/divergence.h"
#include "workflow/loss_curve.h"
#include "workflow/prices.h"
#include "workflow/prune_goal.h"

namespace mj {
namespace {

/// Images that a loss is measured on: as many as take so many MACs in the whole network.
constexpr double macs_of_trial = 4e10;
constexpr double fewest_trial_images = 64;
constexpr double most_images = 1000;
/// Of tried_shares and of tried_removals those with which the network is run; the others' losses follow from
/// the layers' errors.
constexpr std::array<std::size_t, 4> measured_shares{0, 2, 3, 5};
constexpr std::array<std::size_t, 3> measured_removals{0, 2, 4};
constexpr double least_loss = 1e-9;       ///< below it rounding decides
constexpr double loss_of_nonsense = 1e6;  ///< outputs that are not numbers
/// Of a group with one giver; of others twice as many as they have. So the trunk of a residual network is
/// tried, and not each of a dense block's layers with all that stand behind it.
constexpr std::size_t most_readers = 6;
/// Of the readers' Gram matrices: they take 8 bytes a value, and the removal 8 more.
constexpr double most_products = 1e8;

std::size_t images_of_trial(const Network& network) {
  return static_cast<std::size_t>(
      std::clamp(macs_of_trial / pass_cost(network), fewest_trial_images, most_images));
}

bool is_among(std::span<const std::size_t> indices, std::size_t index) {
  return std::find(indices.begin(), indices.end(), index) != indices.end();
}

/// Takes back what was done to a layer.
void restore_layer(Network& network, const Network& before, std::size_t layer, const std::string& norm_mean) {
  const MacLayer& mac = network.layers[layer];
  for (const std::string& name : {mac.weights, mac.bias, norm_mean}) {
    if (const auto found = before.constants.find(name); found != before.constants.end()) {
      network.constants.find(name)->second.floats = found->second.floats;
    }
  }
}

/// How the readers' problems have a group's channels.
/// @param problems of `readers`
std::vector<ChannelInputs> inputs_of(const Network& network, const ChannelGroup& group,
                                     const std::vector<std::size_t>& readers,
                                     const std::vector<LayerFit>& problems) {
  std::vector<ChannelInputs> inputs;
  for (std::size_t r = 0; r < readers.size(); ++r) {
    const LayerShape& shape = network.layers[readers[r]].shape;
    const int64_t taps = shape.r * shape.s;
    std::vector<ChannelInputs> parts(problems[r].groups.size());
    double power = 0;
    for (const LayerProblem& part : problems[r].groups) {
      power += part.output_power;
    }
    for (const LayerChannels& each : group.readers) {
      if (each.layer == readers[r]) {
        const auto part = static_cast<std::size_t>(each.first / shape.c);
        parts[part].problem = &problems[r].groups[part];
        parts[part].first.push_back(each.first % shape.c * taps);
        parts[part].columns = each.repeat * taps;
        parts[part].power = power;
      }
    }
    inputs.insert(inputs.end(), parts.begin(), parts.end());
  }
  return inputs;
}

}  // namespace

std::size_t densities_at_once(const LayerShape& shape) {
  constexpr int64_t most_weights = 4'000'000;
  return weight_count(shape) > most_weights ? 1 : tried_shares.size();
}

bool can_try(const Network& network, const ChannelGroup& group) {
  const std::set<std::size_t> givers = layers_of(group.givers);
  return layers_of(group.readers).size() <= std::max(most_readers, 2 * givers.size()) &&
         products_to_try(network, group) <= most_products;
}

double products_to_try(const Network& network, const ChannelGroup& group) {
  const std::set<std::size_t> readers = layers_of(group.readers);
  return std::accumulate(readers.begin(), readers.end(), 0.0, [&](double sum, std::size_t reader) {
    const LayerShape& shape = network.layers[reader].shape;
    const auto columns = static_cast<double>(shape.c * shape.r * shape.s);
    return sum + static_cast<double>(shape.groups) * columns * columns;
  });
}

LevelTrials::LevelTrials(PruneContext& context, const Network& network, const ActivationStats& stats,
                         uint64_t seed)
    : context_(context),
      seed_(seed),
      network_(network),
      stats_(stats),
      images_(unfamiliar_images(context.split.fit, std::min(images_of_trial(network), context.split.fit.size),
                                derive_seed(seed, 1))),
      loss_passes_(*context.working, images_, context.kept_bytes),
      part_(part_to_sample(context.samples, derive_seed(seed, 0))) {
  context_.working->load_constants(network_);
  before_ = context_.working->forward(images_, {}, context_.stop).values;
}

void LevelTrials::go_to(std::size_t layer) {
  context_.working->load_constants(network_);
  loss_passes_.go_to(layer, context_.stop);
  const bool is_part =
      is_sampled_on_part(network_, layer, context_.samples.size, context_.job.options.recipe.positions);
  const NetworkInputs& images = is_part ? part_ : context_.samples;
  if (sampled_ != &images) {
    sampled_ = &images;
    sample_passes_.emplace(*context_.working, images, context_.kept_bytes);
  }
  sample_passes_->go_to(layer, context_.stop);
}

LayerFit LevelTrials::fit(const LayerPasses& passes, std::size_t layer) {
  const int64_t fewer = sampled_ == &part_ ? images_for_one : 1;
  const SampleOptions sampling{.positions = bounded_positions(network_.layers[layer], sampled_->size,
                                                              fewer * context_.job.options.recipe.positions),
                               .seed = derive_seed(seed_, 2 + layer)};
  LayerSamples read = passes.samples(layer, sampling, context_.stop);
  Matrix wanted = std::move(read.outputs);
  LayerFit problem = fit_layer(network_, layer, std::move(read), std::move(wanted), sampled_->size,
                               &output_worth(context_)[layer]);
  problem.may_choose_damping = false;
  for (LayerProblem& group : problem.groups) {
    if (!has_few_samples(group)) {
      group.inputs = Matrix();  // Large, and in the products already.
      group.outputs = Matrix();
    }
  }
  return problem;
}

double LevelTrials::loss_of(const Network& pruned) {
  context_.working->load_constants(pruned);
  const double loss = mean_divergence(before_, loss_passes_.logits(context_.stop));
  return std::isfinite(loss) ? std::max(loss, least_loss) : loss_of_nonsense;
}

LayerTrial LevelTrials::of_layer(std::size_t layer, double nonzero, bool patterned) {
  go_to(layer);
  LayerFit problem = fit(*sample_passes_, layer);
  price_weights(problem, network_, layer, stats_, context_.job);
  Network pruned = network_;
  std::vector<int64_t> keeps;
  keeps.reserve(tried_shares.size());
  for (const double share : tried_shares) {
    keeps.push_back(std::max<int64_t>(1, std::llround(share * nonzero)));
  }
  const RecipeOptions& recipe = context_.job.options.recipe;
  const PruneMethod method = context_.job.options.method;
  const std::size_t at_once = densities_at_once(network_.layers[layer].shape);
  const RoundGoal::Kind kind = goal_kind(context_.job.options.target);
  const EnergySetting setting = without_pattern(context_.job.setting, patterned);
  LayerTrial trial;
  std::vector<double> errors;
  std::vector<MeasuredLoss> measured;
  for (std::size_t first = 0; first < keeps.size(); first += at_once) {
    const auto some = std::span(keeps).subspan(first, at_once);
    for (const LayerChoice& chosen : choose_layer_supports(network_, layer, some, problem, method, recipe)) {
      restore_layer(pruned, network_, layer, problem.norm_mean);
      refit_layer(pruned, layer, chosen, problem, recipe);
      if (is_among(measured_shares, errors.size())) {
        measured.push_back({errors.size(), loss_of(pruned)});
      }
      errors.push_back(fit_error(pruned, pruned.layers[layer], problem));
      if (kind != RoundGoal::Kind::weights) {
        trial.costs.push_back(layer_cost(pruned, layer, stats_, setting, cost_of(kind)));
      }
    }
  }
  trial.losses = losses_by_error(errors, measured);
  if (patterned) {
    restore_layer(pruned, network_, layer, problem.norm_mean);
    prune_layer(pruned, layer, weight_count(pruned.layers[layer].shape),
                context_.job.setting.accelerator.weight_pattern, problem, method, recipe);
    trial.pattern_loss = loss_of(pruned);
  }
  return trial;
}

GroupTrial LevelTrials::of_group(const ChannelGroup& group, std::size_t unread) {
  const RecipeOptions& recipe = context_.job.options.recipe;
  const std::set<std::size_t> all_readers = layers_of(group.readers);
  const std::vector<std::size_t> readers(all_readers.begin(), all_readers.end());
  std::set<std::size_t> givers = layers_of(group.givers);
  givers.insert(group.grouped.begin(), group.grouped.end());
  go_to(readers.front());
  std::vector<LayerFit> problems;
  problems.reserve(readers.size());
  LayerPasses passes = *sample_passes_;  // Those of the next group may begin before the last reader.
  for (const std::size_t reader : readers) {
    passes.go_to(reader, context_.stop);
    problems.push_back(fit(passes, reader));
  }
  GroupTrial trial{.unread = static_cast<int64_t>(unread)};
  trial.order = elimination_order(inputs_of(network_, group, readers, problems), group.channels,
                                  channels_gone(trial, group.channels, tried_removals.size()),
                                  recipe.damping.value_or(default_damping), recipe.restore.threads);
  Network pruned = network_;
  std::vector<double> errors;
  std::vector<MeasuredLoss> measured;
  for (std::size_t removal = 1; removal <= tried_removals.size(); ++removal) {
    for (const std::size_t layer : givers) {
      restore_layer(pruned, network_, layer, "");
    }
    for (std::size_t r = 0; r < problems.size(); ++r) {
      restore_layer(pruned, network_, readers[r], problems[r].norm_mean);
    }
    const int64_t count = channels_gone(trial, group.channels, removal);
    double& error = errors.emplace_back();
    clear_channels(pruned, group, {trial.order.begin(), trial.order.begin() + count});
    for (std::size_t r = 0; r < problems.size(); ++r) {
      const std::size_t layer = readers[r];
      for (std::size_t part = 0; part < problems[r].groups.size(); ++part) {
        problems[r].groups[part].weights = scaled_filters(pruned, pruned.layers[layer], problems[r], part);
      }
      prune_layer(pruned, layer, weight_count(pruned.layers[layer].shape), std::nullopt, problems[r],
                  context_.job.options.method, recipe);
      error += fit_error(pruned, pruned.layers[layer], problems[r]);
    }
    if (is_among(measured_removals, removal - 1)) {
      measured.push_back({removal - 1, loss_of(pruned)});
    }
  }
  trial.losses = losses_by_error(errors, measured);
  return trial;
}

}  // namespace mj
