#pragma once

#include <algorithm>
#include <array>

namespace mj {

/// Bounds of what a round left, from its limit upwards.
class LeftBounds {
 public:
  void clear(double limit) {
    limit_ = limit;
    counts_.fill(0);
  }

  void add(double bound) {
    const double above = (bound / limit_ - 1) / width;
    if (above >= 0 && above < static_cast<double>(counts_.size())) {
      counts_.at(static_cast<std::size_t>(above)) += 1;
    }
  }

  /// How far above the least of them the next round goes: as far as it takes to look at twice as many, so
  /// that all rounds before the last cost no more than that one.
  double step(double looked_at) const {
    double more = 0;
    std::size_t first = 0;
    while (first < counts_.size() && counts_.at(first) == 0) {
      ++first;
    }
    for (std::size_t i = first; i < counts_.size(); ++i) {
      more += counts_.at(i);
      if (more >= std::max(looked_at, fewest)) {
        return static_cast<double>(i - first + 1) * width;
      }
    }
    return static_cast<double>(counts_.size()) * width;
  }

 private:
  static constexpr double width = 5e-4;
  static constexpr double fewest = 200;
  double limit_ = 1;
  std::array<double, 40> counts_{};
};

}  // namespace mj
