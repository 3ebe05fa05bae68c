#include "prune/n_of_m.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "base/error.h"

namespace mj {
namespace {

void ensure_pattern(int64_t columns, const NOfM& pattern) {
  ensure(pattern.kept > 0 && pattern.kept <= pattern.group, "an N:M pattern keeps 1 to M of M weights");
  ensure(pattern.places > 0 && columns % pattern.places == 0,
         "an N:M pattern needs as many columns at each place of the filter");
}

// Calls work(columns) for each group of a row.
void for_each_group(int64_t columns, const NOfM& pattern,
                    const std::function<void(const std::vector<int64_t>&)>& work) {
  const int64_t channels = columns / pattern.places;
  std::vector<int64_t> group;
  for (int64_t place = 0; place < pattern.places; ++place) {
    for (int64_t first = 0; first < channels; first += pattern.group) {
      group.clear();
      for (int64_t c = first; c < std::min(first + pattern.group, channels); ++c) {
        group.push_back(c * pattern.places + place);
      }
      work(group);
    }
  }
}

}  // namespace

Support keep_n_of_m(const Matrix& values, const Support& candidates, const NOfM& pattern) {
  ensure_pattern(values.columns, pattern);
  ensure(candidates.rows == values.rows && candidates.columns == values.columns &&
             candidates.kept.size() == values.values.size(),
         "keep_n_of_m: the candidates have another shape than the values");
  Support support{values.rows, values.columns, std::vector<uint8_t>(values.values.size())};
  std::vector<int64_t> order;
  for_each_group(values.columns, pattern, [&](const std::vector<int64_t>& group) {
    for (int64_t i = 0; i < values.rows; ++i) {
      order.clear();
      std::copy_if(group.begin(), group.end(), std::back_inserter(order),
                   [&](int64_t j) { return candidates.is_kept(i, j); });
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        return std::fabs(values.at(i, a)) > std::fabs(values.at(i, b));
      });
      const auto kept = std::min(order.size(), static_cast<std::size_t>(pattern.kept));
      for (std::size_t k = 0; k < kept; ++k) {
        support.kept[static_cast<std::size_t>(i * values.columns + order[k])] = 1;
      }
    }
  });
  return support;
}

Choice choose_n_of_m(const LayerProblem& problem, const Support& candidates, const NOfM& pattern,
                     const AdmmOptions& options) {
  ensure_pattern(candidates.columns, pattern);
  return choose_support_by_admm(
      problem, [&](const Matrix& values) { return keep_n_of_m(values, candidates, pattern); }, options);
}

}  // namespace mj
