#include "workflow/cost_curve.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/threads.h"
#include "network/weights.h"

namespace mj {
namespace {

Matrix magnitudes(Matrix weights) {
  for (float& weight : weights.values) {
    weight = std::fabs(weight);
  }
  return weights;
}

}  // namespace

std::vector<std::size_t> by_score(const Matrix& weights, const Matrix& scores) {
  std::vector<std::pair<float, std::size_t>> found;  // The highest score is the lowest of their opposites.
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      found.emplace_back(-scores.values[i], i);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::size_t> order(found.size());
  std::transform(found.begin(), found.end(), order.begin(), [](const auto& each) { return each.second; });
  return order;
}

CostCurve::CostCurve(const LayerAlone& layer, const Matrix& scores, const EnergySetting& setting, Cost cost) {
  const Matrix weights = weight_matrix(layer.network, layer.network.layers.front());
  const auto order = by_score(weights, scores);
  parallel_for(points.size(), available_threads(), [&](std::size_t i) {
    const auto keep = std::llround(points[i] * static_cast<double>(order.size()));
    Matrix kept = weights;
    std::for_each(order.begin() + keep, order.end(), [&](std::size_t place) { kept.values[place] = 0; });
    Network alone = layer.network;
    set_weight_matrix(alone, alone.layers.front(), kept);
    costs_[i] = layer_cost(alone, 0, layer.stats, setting, cost);
  });
}

CostCurve::CostCurve(const LayerAlone& layer, const EnergySetting& setting, Cost cost)
    : CostCurve(layer, magnitudes(weight_matrix(layer.network, layer.network.layers.front())), setting,
                cost) {}

double interpolated(std::span<const double> points, std::span<const double> values, double point) {
  const auto above = std::upper_bound(points.begin(), points.end(), point);
  if (above == points.end() || above == points.begin()) {
    return above == points.end() ? values.back() : values.front();
  }
  const auto i = static_cast<std::size_t>(above - points.begin());
  const double part = (point - points[i - 1]) / (points[i] - points[i - 1]);
  return values[i - 1] + part * (values[i] - values[i - 1]);
}

double CostCurve::at(double share) const {
  return interpolated(points, costs_, share);
}

}  // namespace mj
