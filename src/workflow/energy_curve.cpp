#include "workflow/energy_curve.h"

#include <algorithm>
#include <cmath>

#include "network/weights.h"

namespace mj {

std::vector<std::size_t> by_score(const Matrix& weights, const Matrix& scores) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    if (weights.values[i] != 0) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores.values[a] > scores.values[b]; });
  return order;
}

EnergyCurve::EnergyCurve(const Network& network, std::size_t layer, const Matrix& scores,
                         const ActivationStats& stats, const EnergySetting& setting) {
  const MacLayer& mac = network.layers[layer];
  Network scratch = network;
  const auto order = by_score(weight_matrix(network, mac), scores);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto keep = static_cast<std::size_t>(std::llround(points[i] * static_cast<double>(order.size())));
    Matrix weights = weight_matrix(network, mac);
    for (std::size_t k = keep; k < order.size(); ++k) {
      weights.values[order[k]] = 0;
    }
    set_weight_matrix(scratch, scratch.layers[layer], weights);
    energies_[i] = layer_energy(scratch, layer, stats, setting);
  }
}

double EnergyCurve::at(double share) const {
  const auto above = std::upper_bound(points.begin(), points.end(), share);
  if (above == points.end()) {
    return energies_.back();
  }
  const auto i = static_cast<std::size_t>(above - points.begin());
  const double part = (share - points[i - 1]) / (points[i] - points[i - 1]);
  return energies_[i - 1] + part * (energies_[i] - energies_[i - 1]);
}

}  // namespace mj
