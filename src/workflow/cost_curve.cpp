#include "workflow/cost_curve.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
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

/// A weight that is not zero: above its place of 32 bits, what ascends where its score descends.
using Scored = uint64_t;
constexpr int bits_of_place = 32;

Scored scored(float score, std::size_t place) {
  constexpr uint32_t sign = uint32_t{1} << 31;
  const auto bits = std::bit_cast<uint32_t>(0.0F - score);  // Never -0, which is to equal 0.
  const uint32_t ascending = (bits & sign) != 0 ? ~bits : bits | sign;
  return (Scored{ascending} << bits_of_place) | place;
}

std::vector<Scored> scored(const Matrix& weights, const Matrix& scores) {
  ensure(weights.values.size() >> bits_of_place == 0, "a layer's weights have places of 32 bits");
  std::vector<Scored> found;
  reserve_in_huge_pages(found, weights.values.size());
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      found.push_back(scored(scores.values[i], i));
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
  std::vector<uint8_t> kept_from;  // The first point that has a weight.
  resize_in_huge_pages(kept_from, weights.values.size());
  for (std::size_t i = 1; i < points.size(); ++i) {
    std::for_each(found.begin() + keeps[i - 1], found.begin() + keeps[i],
                  [&](Scored weight) { kept_from[static_cast<uint32_t>(weight)] = static_cast<uint8_t>(i); });
  }
  const auto threads = std::min(points.size(), static_cast<std::size_t>(available_threads()));
  parallel_for(threads, static_cast<int>(threads), [&](std::size_t thread) {
    Matrix kept(weights.rows, weights.columns);
    for (std::size_t i = thread; i < points.size(); i += threads) {
      std::transform(weights.values.begin(), weights.values.end(), kept_from.begin(), kept.values.begin(),
                     [i](float weight, uint8_t first) { return first <= i ? weight : 0; });
      costs_[i] = layer_cost(layer, kept, setting, cost);
    }
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
