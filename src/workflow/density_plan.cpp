#include "workflow/density_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "base/error.h"
#include "network/weights.h"
#include "workflow/bisection.h"
#include "workflow/cost_curve.h"

namespace mj {
namespace {

/// Of a layer's weights, the share that is kept at least: a layer without weights cuts the network.
constexpr double smallest_density = 0.005;

/// One layer as the plan sees it: its scores from the highest, and its cost as its lowest-scored weights
/// go.
struct LayerCurve {
  int64_t least = 0;
  std::vector<float> scores;       ///< of the non-zero weights, descending
  std::optional<CostCurve> costs;  ///< of a layer that can be pruned
  double fixed_cost = 0;           ///< of one that cannot

  double cost_at(double keep) const {
    return !costs           ? fixed_cost
           : scores.empty() ? costs->at(1)
                            : costs->at(keep / static_cast<double>(scores.size()));
  }

  int64_t keep_above(double threshold) const {
    const auto end =
        std::partition_point(scores.begin(), scores.end(), [&](float score) { return score > threshold; });
    return std::clamp<int64_t>(end - scores.begin(), std::min<int64_t>(least, std::ssize(scores)),
                               std::ssize(scores));
  }
};

LayerCurve trace_curve(const Network& network, std::size_t layer, const Matrix& scores,
                       const ActivationStats& stats, const EnergySetting& setting, Cost cost) {
  LayerCurve curve;
  const Matrix weights = weight_matrix(network, network.layers[layer]);
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      curve.scores.push_back(scores.values[i]);
    }
  }
  std::sort(curve.scores.begin(), curve.scores.end(), std::greater<>());
  curve.costs.emplace(layer_alone(network, layer, stats), scores, setting, cost);
  curve.least = fewest_weights(network, layer);
  return curve;
}

/// Divides scores by the mean cost of a weight; a layer whose zeros gain nothing is not pruned.
void price_scores(LayerCurve& curve) {
  const double per_weight =
      (curve.costs->at(1) - curve.costs->at(0)) / static_cast<double>(curve.scores.size());
  for (float& score : curve.scores) {
    score = per_weight > 0 ? static_cast<float>(score / per_weight) : std::numeric_limits<float>::max();
  }
}

double predict(const std::vector<LayerCurve>& curves, const RoundGoal& goal, double threshold) {
  double sum = 0;
  for (const LayerCurve& curve : curves) {
    if (goal.kind != RoundGoal::Kind::weights) {
      sum += curve.cost_at(static_cast<double>(curve.keep_above(threshold)));
    } else if (curve.costs) {
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
  return std::exp(lowest_that(std::log(low) - 1, std::log(high) + 1, [&](double logarithm) {
    return predict(curves, goal, std::exp(logarithm)) <= goal.limit;
  }));
}

}  // namespace

Cost cost_of(RoundGoal::Kind kind) {
  return kind == RoundGoal::Kind::cycles ? Cost::cycles : Cost::energy;
}

int64_t fewest_weights(const Network& network, std::size_t layer, double most_zeros) {
  const auto weights = static_cast<double>(weight_count(network.layers[layer].shape));
  return std::max({int64_t{1}, static_cast<int64_t>(std::llround(smallest_density * weights)),
                   static_cast<int64_t>(std::ceil((1 - most_zeros) * weights - 1e-6))});
}

std::vector<Matrix> loss_scores(const Network& network, const std::vector<std::vector<double>>& input_power,
                                const std::vector<OutputInformation>& information) {
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
        const double score = w * w * power * information[l].diagonal[static_cast<std::size_t>(i)];
        if (!std::isfinite(score)) {
          throw InputError(network.file, fmt::format("layer '{}'", layer.name),
                           "has weights whose worth is not finite",
                           "the network's gradients on the images must be finite");
        }
        weights.at(i, j) = static_cast<float>(score);
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
  const Cost cost = cost_of(goal.kind);
  std::vector<LayerCurve> curves;
  std::set<std::string> seen;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const MacLayer& layer = network.layers[l];
    if (has_weights(network, layer) && seen.insert(layer.weights).second) {
      curves.push_back(trace_curve(network, l, scores[l], stats, setting, cost));
      if (!most_zeros.empty()) {
        curves.back().least = std::max(curves.back().least, fewest_weights(network, l, most_zeros[l]));
      }
      if (per_joule && !curves.back().scores.empty()) {
        price_scores(curves.back());
      }
    } else {
      curves.emplace_back().fixed_cost = layer_cost(network, l, stats, setting, cost);
    }
  }
  const double threshold = find_threshold(curves, goal);
  RoundPlan plan;
  plan.predicted = predict(curves, goal, threshold);
  plan.reachable = plan.predicted <= goal.limit;
  for (const LayerCurve& curve : curves) {
    plan.keep.push_back(curve.costs ? curve.keep_above(threshold) : 0);
  }
  return plan;
}

}  // namespace mj
