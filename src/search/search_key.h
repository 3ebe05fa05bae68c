#pragma once

#include <limits>

#include "search/search_nest.h"

namespace mj {

/// Sums in another order differ by less; what is no further apart counts as equal.
inline constexpr double rounding = 1e-12;

/// What is minimised, then what decides among equals.
struct Key {
  double first = std::numeric_limits<double>::infinity();
  double second = std::numeric_limits<double>::infinity();
};

inline bool is_below(const Key& a, const Key& b) {
  if (a.first < b.first * (1 - rounding)) {
    return true;
  }
  return a.first <= b.first * (1 + rounding) && a.second < b.second * (1 - rounding);
}

inline Key key_of(Objective objective, double energy, double cycles) {
  switch (objective) {
    case Objective::energy:
      return {energy, cycles};
    case Objective::latency:
      return {cycles, energy};
    case Objective::edp:
      return {energy * cycles, energy};
  }
  return {};
}

}  // namespace mj
