#include "workflow/level_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "network/weights.h"
#include "runtime/augment.h"
#include "workflow/divergence.h"
#include "workflow/energy_curve.h"
#include "workflow/layer_passes.h"
#include "workflow/prune_layer.h"

namespace mj {
namespace {

/// Of the weights that are not zero.
constexpr std::array<double, 6> tried_shares{0.7, 0.5, 0.35, 0.22, 0.12, 0.05};
/// Images that a loss is measured on: as many as take so many MACs in the whole network.
constexpr double macs_of_trial = 4e10;
constexpr double fewest_images = 192;
constexpr double most_images = 1000;
constexpr double least_part = 0.35;  ///< of an image's area
constexpr int steps_of_share = 200;  ///< in equal ratios from all weights to the fewest tried
constexpr int bisections = 60;
constexpr double least_loss = 1e-9;  ///< below it rounding decides

/// A layer's choice for one price.
struct Level {
  double share = 1;
  double loss = 0;
  double cost = 0;
};

/// The loss at any share: its logarithm is linear in the share between those tried, and falls to nothing with
/// the square of what is removed above the first.
double loss_at(const std::vector<double>& losses, double share) {
  if (share >= tried_shares[0]) {
    const double removed = (1 - share) / (1 - tried_shares[0]);
    return losses[0] * removed * removed;
  }
  std::size_t i = 1;
  while (i + 1 < losses.size() && share < tried_shares[i]) {
    ++i;
  }
  const double part = (tried_shares[i - 1] - share) / (tried_shares[i - 1] - tried_shares[i]);
  return std::exp(std::log(losses[i - 1]) + part * (std::log(losses[i]) - std::log(losses[i - 1])));
}

/// One layer: what may be chosen.
struct LayerChoices {
  double nonzero = 0;
  std::vector<Level> levels;  ///< of one only where the layer is not pruned

  const Level& best(double price) const {
    return *std::min_element(levels.begin(), levels.end(), [&](const Level& a, const Level& b) {
      return a.loss + price * a.cost < b.loss + price * b.cost;
    });
  }
};

/// Parts of images, so that they are not those that the network may have learned by heart: on those it is
/// surer of itself than on any others, and shows less of what a layer's loss does.
NetworkInputs unfamiliar_images(const PruneContext& context, const Network& network, uint64_t seed) {
  double macs = 0;
  for (const MacLayer& layer : network.layers) {
    macs += static_cast<double>(mac_count(layer.shape));
  }
  const auto count = static_cast<std::size_t>(std::clamp(macs_of_trial / macs, fewest_images, most_images));
  const auto& all = context.split.fit;
  return augmented(select(all, sample_indices(all.size, count, derive_seed(seed, 1))), least_part, true,
                   derive_seed(seed, 1));
}

class Trials {
 public:
  Trials(PruneContext& context, const Network& network, uint64_t seed)
      : context_(context),
        seed_(seed),
        network_(network),
        images_(unfamiliar_images(context, network, seed)),
        loss_passes_(*context.working, images_, context.kept_bytes),
        sample_passes_(*context.working, context.samples, context.kept_bytes) {
    context_.working->load_constants(network_);
    before_ = context_.working->forward(images_, {}, context_.stop).values;
  }

  /// The loss at each of tried_shares; it does not fall as more goes.
  /// @param nonzero weights of the layer
  std::vector<double> run(std::size_t layer, double nonzero) {
    const RecipeOptions& recipe = context_.job.options.recipe;
    const SampleOptions sampling{
        .positions = bounded_positions(network_.layers[layer], context_.samples.size, recipe.positions),
        .seed = derive_seed(seed_, 2 + layer)};
    context_.working->load_constants(network_);
    loss_passes_.go_to(layer, context_.stop);
    sample_passes_.go_to(layer, context_.stop);
    LayerSamples read = sample_passes_.samples(layer, sampling, context_.stop);
    const Matrix wanted = read.outputs;
    const LayerFit fit = fit_layer(network_, layer, std::move(read), wanted);
    std::vector<double> losses;
    for (const double share : tried_shares) {
      Network pruned = network_;
      prune_layer(pruned, layer, std::max<int64_t>(1, std::llround(share * nonzero)), fit,
                  context_.job.options.method, recipe);
      context_.working->load_constants(pruned);
      const Matrix after = loss_passes_.logits(context_.stop);
      losses.push_back(
          std::max({mean_divergence(before_, after), least_loss, losses.empty() ? 0 : losses.back()}));
    }
    return losses;
  }

 private:
  PruneContext& context_;
  uint64_t seed_;
  const Network& network_;
  NetworkInputs images_;
  LayerPasses loss_passes_;
  LayerPasses sample_passes_;
  Matrix before_;
};

LayerChoices choices(const std::vector<double>& losses, const EnergyCurve& energy, double nonzero,
                     double fewest, RoundGoal::Kind kind) {
  LayerChoices result{.nonzero = nonzero};
  const double least = std::min(1.0, std::max(fewest / nonzero, tried_shares.back() / 2));
  for (int i = 0; i <= steps_of_share; ++i) {
    const double share = std::pow(least, static_cast<double>(i) / steps_of_share);
    result.levels.push_back({share, loss_at(losses, share),
                             kind == RoundGoal::Kind::energy ? energy.at(share) : share * nonzero});
  }
  return result;
}

double total_cost(const std::vector<LayerChoices>& layers, double price) {
  double sum = 0;
  for (const LayerChoices& layer : layers) {
    sum += layer.best(price).cost;
  }
  return sum;
}

/// The lowest price at which the layers' choices meet the limit, by bisection on its logarithm.
double find_price(const std::vector<LayerChoices>& layers, double limit) {
  double low = -60;
  double high = 60;
  for (int i = 0; i < bisections; ++i) {
    const double middle = (low + high) / 2;
    (total_cost(layers, std::exp(middle)) > limit ? low : high) = middle;
  }
  return std::exp(high);
}

}  // namespace

RoundPlan plan_by_levels(PruneContext& context, const Network& network, const Measured& measured,
                         const RoundGoal& goal, uint64_t seed, const std::string& name) {
  Trials trials(context, network, seed);
  std::vector<LayerChoices> layers;
  std::set<std::string> seen;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MacLayer& layer = network.layers[l];
    if (!has_weights(network, layer) || !seen.insert(layer.weights).second) {
      const double cost = goal.kind == RoundGoal::Kind::energy
                              ? layer_energy(network, l, measured.stats, context.job.setting)
                              : 0;
      layers.push_back({.levels = {{1, 0, cost}}});
      continue;
    }
    stage(context, name + ": trying densities")(
        {.fraction = static_cast<double>(l) / static_cast<double>(network.layers.size()),
         .detail = layer.name});
    Matrix sizes = weight_matrix(network, layer);
    const auto nonzero = static_cast<double>(count_nonzeros(sizes));
    for (float& size : sizes.values) {
      size = std::fabs(size);
    }
    const EnergyCurve curve(network, l, sizes, measured.stats, context.job.setting);
    layers.push_back(choices(trials.run(l, nonzero), curve, nonzero,
                             static_cast<double>(fewest_weights(network, l, context.most_zeros[l])),
                             goal.kind));
  }
  const double price = find_price(layers, goal.limit);
  RoundPlan plan;
  plan.predicted = total_cost(layers, price);
  plan.reachable = plan.predicted <= goal.limit;
  for (const LayerChoices& layer : layers) {
    plan.keep.push_back(std::llround(layer.best(price).share * layer.nonzero));
  }
  return plan;
}

}  // namespace mj
