#include "workflow/cost_curve.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "base/huge_pages.h"
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

/// A weight that is not zero: the opposite of its score, so that the highest is the lowest, and its place.
using Scored = std::pair<float, std::size_t>;

std::vector<Scored> scored(const Matrix& weights, const Matrix& scores) {
  std::vector<Scored> found;
  reserve_in_huge_pages(found, weights.values.size());
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      found.emplace_back(-scores.values[i], i);
    }
  }
  return found;
}

/// Sorts so far that the lowest ones stand before each of the ascending `places` of `all`.
void partition_at(std::span<Scored> all, std::span<const int64_t> places, int64_t first = 0) {
  if (places.empty() || all.empty()) {
    return;
  }
  const std::size_t middle = places.size() / 2;
  const auto nth = static_cast<std::size_t>(places[middle] - first);
  if (nth < all.size()) {
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(nth), all.end());
  }
  partition_at(all.first(nth), places.first(middle), first);
  partition_at(all.subspan(nth), places.subspan(middle + 1), places[middle]);
}

}  // namespace

CostCurve::CostCurve(const LayerAlone& layer, const Matrix& scores, const EnergySetting& setting, Cost cost) {
  const Matrix weights = weight_matrix(layer.network, layer.network.layers.front());
  std::vector<Scored> found = scored(weights, scores);
  std::array<int64_t, points.size()> keeps{};
  std::transform(points.begin(), points.end(), keeps.begin(),
                 [&](double share) { return std::llround(share * static_cast<double>(found.size())); });
  partition_at(found, keeps);
  std::vector<uint8_t> kept_from(weights.values.size());  // The first point that has a weight.
  for (std::size_t i = 1; i < points.size(); ++i) {
    std::for_each(found.begin() + keeps[i - 1], found.begin() + keeps[i],
                  [&](const Scored& weight) { kept_from[weight.second] = static_cast<uint8_t>(i); });
  }
  parallel_for(points.size(), available_threads(), [&](std::size_t i) {
    Matrix kept(weights.rows, weights.columns);
    std::transform(weights.values.begin(), weights.values.end(), kept_from.begin(), kept.values.begin(),
                   [i](float weight, uint8_t first) { return first <= i ? weight : 0; });
    costs_[i] = layer_cost(layer, kept, setting, cost);
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
