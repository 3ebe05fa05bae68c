#include "search/axis_table.h"

#include <algorithm>

namespace mj {

std::size_t AxisTable::Hash::operator()(const Key& key) const {
  std::size_t hash = 14695981039346656037U;
  for (std::size_t i = 0; i < key.size() && (i < 3 || key.at(i) != 0); ++i) {
    hash = (hash ^ static_cast<std::size_t>(key.at(i))) * 1099511628211U;
  }
  return hash ^ (hash >> 29U);
}

const AxisRows& AxisTable::rows(int64_t outputs, int64_t taps, const AxisSpreads& neighbours, int64_t shift) {
  Key key{static_cast<int32_t>(outputs), static_cast<int32_t>(taps), static_cast<int32_t>(shift)};
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    key.at(3 + 2 * i) = static_cast<int32_t>(neighbours[i].bound);
    key.at(4 + 2 * i) = static_cast<int32_t>(neighbours[i].step);
  }
  Recent& recent = recent_[Hash{}(key) % recent_size];
  const std::size_t used = std::min(key.size(), 4 + 2 * neighbours.size());  // with the 0 behind the last
  if (recent.rows != nullptr && std::equal(key.begin(), key.begin() + used, recent.key.begin())) {
    return *recent.rows;
  }
  auto found = known_.find(key);
  if (found == known_.end()) {
    found = known_.emplace(key, count_rows({outputs, taps, stride_, dilation_}, neighbours, shift)).first;
  }
  recent = {key, &found->second};
  return found->second;
}

}  // namespace mj
