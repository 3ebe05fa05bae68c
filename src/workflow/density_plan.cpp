#include "workflow/density_plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "network/weights.h"

namespace mj {
namespace {

/// Of a layer's weights, the share that is kept at least: a layer without weights cuts the network.
constexpr double smallest_density = 0.005;
constexpr std::array<double, 10> curve_points{0, 0.0625, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1};
constexpr int bisections = 60;

/// One layer as the plan sees it: its scores from the highest, and its energy as its lowest-scored weights
/// go.
struct LayerCurve {
  bool prunable = false;
  int64_t least = 0;
  std::vector<float> scores;     ///< of the non-zero weights, descending
  std::vector<double> energies;  ///< at curve_points of the non-zero weights

  double energy_at(double keep) const {
    if (scores.empty()) {
      return energies.back();
    }
    const double share = keep / static_cast<double>(scores.size());
    const auto above = std::upper_bound(curve_points.begin(), curve_points.end(), share);
    if (above == curve_points.end()) {
      return energies.back();
    }
    const auto i = static_cast<std::size_t>(above - curve_points.begin());
    const double part = (share - curve_points[i - 1]) / (curve_points[i] - curve_points[i - 1]);
    return energies[i - 1] + part * (energies[i] - energies[i - 1]);
  }

  int64_t keep_above(double threshold) const {
    const auto end =
        std::partition_point(scores.begin(), scores.end(), [&](float score) { return score > threshold; });
    return std::clamp<int64_t>(end - scores.begin(), std::min<int64_t>(least, std::ssize(scores)),
                               std::ssize(scores));
  }
};

/// The layer's energy when only its `keep` best weights stay.
double energy_of_best(Network& scratch, const Network& network, std::size_t layer,
                      const std::vector<std::size_t>& order, std::size_t keep, const ActivationStats& stats,
                      const EnergySetting& setting) {
  Matrix weights = weight_matrix(network, network.layers[layer]);
  for (std::size_t i = keep; i < order.size(); ++i) {
    weights.values[order[i]] = 0;
  }
  set_weight_matrix(scratch, scratch.layers[layer], weights);
  return layer_energy(scratch, layer, stats, setting);
}

LayerCurve trace_curve(Network& scratch, const Network& network, std::size_t layer, const Matrix& scores,
                       const ActivationStats& stats, const EnergySetting& setting) {
  LayerCurve curve;
  const Matrix weights = weight_matrix(network, network.layers[layer]);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores.values[a] > scores.values[b]; });
  for (const std::size_t i : order) {
    curve.scores.push_back(scores.values[i]);
  }
  for (const double point : curve_points) {
    const auto keep = static_cast<std::size_t>(std::llround(point * static_cast<double>(order.size())));
    curve.energies.push_back(energy_of_best(scratch, network, layer, order, keep, stats, setting));
  }
  set_weight_matrix(scratch, scratch.layers[layer], weights);
  curve.prunable = true;
  curve.least =
      std::max<int64_t>(1, std::llround(smallest_density * static_cast<double>(weights.values.size())));
  return curve;
}

/// Divides scores by the mean energy of a weight; a layer whose zeros gain nothing is not pruned.
void price_scores(LayerCurve& curve) {
  const double per_weight =
      (curve.energies.back() - curve.energies.front()) / static_cast<double>(curve.scores.size());
  for (float& score : curve.scores) {
    score = per_weight > 0 ? static_cast<float>(score / per_weight) : std::numeric_limits<float>::max();
  }
}

double predict(const std::vector<LayerCurve>& curves, const RoundGoal& goal, double threshold) {
  double sum = 0;
  for (const LayerCurve& curve : curves) {
    if (goal.kind == RoundGoal::Kind::energy) {
      sum += curve.prunable ? curve.energy_at(static_cast<double>(curve.keep_above(threshold)))
                            : curve.energies.back();
    } else if (curve.prunable) {
      sum += static_cast<double>(curve.keep_above(threshold));
    }
  }
  return sum;
}

/// The lowest threshold that meets the goal, by bisection on its logarithm.
double find_threshold(const std::vector<LayerCurve>& curves, const RoundGoal& goal) {
  double low = std::numeric_limits<double>::max();
  double high = 0;
  for (const LayerCurve& curve : curves) {
    for (const float score : curve.scores) {
      if (score > 0 && score < std::numeric_limits<float>::max()) {
        low = std::min(low, static_cast<double>(score));
        high = std::max(high, static_cast<double>(score));
      }
    }
  }
  if (high == 0 || predict(curves, goal, 0) <= goal.limit) {
    return 0;
  }
  low = std::log(low) - 1;
  high = std::log(high) + 1;
  for (int i = 0; i < bisections; ++i) {
    const double middle = (low + high) / 2;
    (predict(curves, goal, std::exp(middle)) > goal.limit ? low : high) = middle;
  }
  return std::exp(high);
}

}  // namespace

std::vector<Matrix> loss_scores(const Network& network, const std::vector<std::vector<double>>& input_power,
                                const std::vector<std::vector<double>>& sensitivity) {
  std::vector<Matrix> scores;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MacLayer& layer = network.layers[l];
    if (!has_weights(network, layer)) {
      scores.emplace_back();
      continue;
    }
    Matrix weights = weight_matrix(network, layer);
    for (int64_t i = 0; i < weights.rows; ++i) {
      const int64_t group = i / layer.shape.k;
      for (int64_t j = 0; j < weights.columns; ++j) {
        const double w = weights.at(i, j);
        const double power = input_power[l][static_cast<std::size_t>(group * weights.columns + j)];
        weights.at(i, j) = static_cast<float>(w * w * power * sensitivity[l][static_cast<std::size_t>(i)]);
      }
    }
    scores.push_back(std::move(weights));
  }
  return scores;
}

std::vector<Matrix> magnitude_ranks(const Network& network) {
  std::vector<Matrix> ranks;
  for (const MacLayer& layer : network.layers) {
    if (!has_weights(network, layer)) {
      ranks.emplace_back();
      continue;
    }
    Matrix weights = weight_matrix(network, layer);
    std::vector<std::size_t> order(weights.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::abs(weights.values[a]) < std::abs(weights.values[b]);
    });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      weights.values[order[rank]] = static_cast<float>(rank + 1) / static_cast<float>(order.size());
    }
    ranks.push_back(std::move(weights));
  }
  return ranks;
}

RoundPlan plan_round(const Network& network, const ActivationStats& stats, const EnergySetting& setting,
                     const std::vector<Matrix>& scores, bool per_joule, const RoundGoal& goal,
                     const std::vector<double>& most_zeros) {
  ensure(scores.size() == network.layers.size(), "plan_round needs scores for every layer");
  Network scratch = network;
  std::vector<LayerCurve> curves;
  std::set<std::string> seen;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MacLayer& layer = network.layers[l];
    if (has_weights(network, layer) && seen.insert(layer.weights).second) {
      curves.push_back(trace_curve(scratch, network, l, scores[l], stats, setting));
      if (!most_zeros.empty()) {
        const double kept = (1 - most_zeros[l]) * static_cast<double>(weight_count(layer.shape));
        curves.back().least = std::max(curves.back().least, static_cast<int64_t>(std::ceil(kept - 1e-6)));
      }
      if (per_joule && !curves.back().scores.empty()) {
        price_scores(curves.back());
      }
    } else {
      curves.emplace_back().energies = {layer_energy(network, l, stats, setting)};
    }
  }
  const double threshold = find_threshold(curves, goal);
  RoundPlan plan;
  plan.predicted = predict(curves, goal, threshold);
  plan.reachable = plan.predicted <= goal.limit;
  for (const LayerCurve& curve : curves) {
    plan.keep.push_back(curve.prunable ? curve.keep_above(threshold) : 0);
  }
  return plan;
}

}  // namespace mj
