#include "search/axis_table.h"

#include "base/error.h"

namespace mj {

std::size_t AxisTable::Hash::operator()(const Key& key) const {
  std::size_t hash = 14695981039346656037U;
  for (const int64_t value : key) {
    hash = (hash ^ static_cast<std::size_t>(value)) * 1099511628211U;
  }
  return hash ^ (hash >> 29U);
}

const AxisRows& AxisTable::rows(int64_t outputs, int64_t taps, const std::vector<AxisSpread>& neighbours,
                                int64_t shift) {
  ensure(neighbours.size() <= most_spreads, "an operand is spread at too many places");
  Key key{outputs, taps, shift};
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    key.at(3 + 2 * i) = neighbours[i].bound;
    key.at(4 + 2 * i) = neighbours[i].step;
  }
  const auto found = known_.find(key);
  if (found != known_.end()) {
    return found->second;
  }
  return known_.emplace(key, count_rows({outputs, taps, stride_, dilation_}, neighbours, shift)).first->second;
}

}  // namespace mj
