#include "workflow/prices.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "network/weights.h"
#include "workflow/prune_goal.h"
#include "workflow/zero_notes.h"

namespace mj {
namespace {

/// Of the mean: what costs next to nothing is not to be kept for nothing.
constexpr double least_price = 0.05;
/// Differences below it are rounding.
constexpr double least_difference = 1e-6;

/// The weights at some of a layer's taps, the MACs that they make, and what the layer costs less without
/// them.
struct Part {
  double weights = 0;
  double macs = 0;
  double cost = 0;
};

/// @param whole_cost of the layer
Part part_at(const std::vector<std::size_t>& taps, const LayerAlone& layer, double whole_cost,
             const EnergySetting& setting, Cost cost) {
  const MacLayer& mac = layer.network.layers.front();
  Matrix left = weight_matrix(layer.network, mac);
  const std::vector<int64_t> counts = nonzeros_by_tap(left, mac.shape.groups);
  Part part;
  for (const std::size_t tap : taps) {
    const auto count = static_cast<double>(counts[tap]);
    part.weights += count;
    part.macs += count * layer.stats.layers.front().tap_nonzeros[tap];
    const int64_t group = static_cast<int64_t>(tap) / left.columns;
    for (int64_t i = group * mac.shape.k; i < (group + 1) * mac.shape.k; ++i) {
      left.at(i, static_cast<int64_t>(tap) % left.columns) = 0;
    }
  }
  part.cost = whole_cost - layer_cost(layer, left, setting, cost);
  return part;
}

}  // namespace

std::vector<double> weight_prices(const Network& network, std::size_t layer, const ActivationStats& stats,
                                  const EnergySetting& setting, Cost cost) {
  const std::vector<double>& met = stats.layers[layer].tap_nonzeros;
  std::vector<std::size_t> order(met.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return met[a] < met[b]; });
  const auto half = static_cast<std::ptrdiff_t>(order.size() / 2);
  const LayerAlone alone = layer_alone(network, layer, stats);
  const double whole_cost = layer_cost(alone.network, 0, alone.stats, setting, cost);
  const Part few = part_at({order.begin(), order.begin() + half}, alone, whole_cost, setting, cost);
  const Part many = part_at({order.end() - half, order.end()}, alone, whole_cost, setting, cost);
  // cost = of_weight * weights + of_mac * macs, for both.
  const double determinant = few.weights * many.macs - many.weights * few.macs;
  const double of_mac = (few.weights * many.cost - many.weights * few.cost) / determinant;
  const double of_weight = (few.cost * many.macs - many.cost * few.macs) / determinant;
  if (determinant <= least_difference * few.weights * many.macs || of_mac <= 0) {
    return {};
  }
  std::vector<double> prices;
  prices.reserve(met.size());
  for (const double inputs : met) {
    prices.push_back(std::max(of_weight, 0.0) + of_mac * inputs);
  }
  const double mean = std::accumulate(prices.begin(), prices.end(), 0.0) / static_cast<double>(prices.size());
  for (double& price : prices) {
    price = std::max(price / mean, least_price);
  }
  return prices;
}

void price_weights(LayerFit& fit, const Network& network, std::size_t layer, const ActivationStats& stats,
                   const PruneJob& job) {
  const RoundGoal::Kind kind = goal_kind(job.options.target);
  if (kind == RoundGoal::Kind::weights || !zeros_save(job.setting.accelerator)) {
    return;
  }
  const std::vector<double> prices = weight_prices(network, layer, stats, job.setting, cost_of(kind));
  const std::size_t in_group = prices.size() / fit.groups.size();
  for (std::size_t group = 0; group < fit.groups.size(); ++group) {
    const auto first = prices.begin() + static_cast<std::ptrdiff_t>(group * in_group);
    fit.groups[group].prices.assign(first, first + static_cast<std::ptrdiff_t>(in_group));
  }
}

}  // namespace mj
