#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/matrix.h"
#include "network/channels.h"
#include "workflow/network_energy.h"

namespace mj {

/// A layer's energy or cycles as its weights go.
class CostCurve {
 public:
  /// @param scores of the layer's weights; those with the lowest go first
  CostCurve(const LayerAlone& layer, const Matrix& scores, const EnergySetting& setting, Cost cost);
  /// The smallest weights go first.
  CostCurve(const LayerAlone& layer, const EnergySetting& setting, Cost cost);

  /// @param share of the weights that are not zero now, 0 to 1; in between by linear interpolation
  [[nodiscard]] double at(double share) const;

 private:
  static constexpr std::array<double, 10> points{0, 0.0625, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1};
  std::array<double, points.size()> costs_{};
};

/// Linear between `values` at ascending `points`; beyond the first and the last what stands there.
double interpolated(std::span<const double> points, std::span<const double> values, double point);

}  // namespace mj
