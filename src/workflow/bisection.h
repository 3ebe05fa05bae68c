#pragma once

namespace mj {

/// The lowest x from `low` to `high` with meets(x), where that holds from there on; `high` where it holds
/// nowhere below. To 2^-60 of the range.
template <typename Predicate>
double lowest_that(double low, double high, const Predicate& meets) {
  constexpr int halvings = 60;
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    (meets(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace mj
