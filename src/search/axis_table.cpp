#include "search/axis_table.h"

#include <algorithm>

namespace mj {

std::size_t AxisTable::Hash::operator()(const Key& key) const {
  uint64_t hash = 0;
  for (std::size_t i = 0; i < key.used; ++i) {
    hash = (hash ^ key.words.at(i)) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32U;
  }
  return hash;
}

const AxisRows& AxisTable::look_up(int64_t outputs, int64_t taps, const AxisSpreads& neighbours,
                                   int64_t shift) {
  Key key;
  key.words[0] = pack(outputs, taps);
  key.words[1] = pack(static_cast<int64_t>(neighbours.size()), shift);
  for (const AxisSpread& spread : neighbours) {
    key.words.at(key.used++) = pack(spread.bound, spread.step);
  }
  Recent& recent = recent_[Hash{}(key) % recent_size];
  if (recent.rows != nullptr && key == recent.key) {
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
