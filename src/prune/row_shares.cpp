#include "prune/row_shares.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mj {

std::vector<int64_t> share_among_rows(std::span<const int64_t> available, int64_t count) {
  std::vector<std::size_t> by_size(available.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return available[a] < available[b]; });
  std::vector<int64_t> shares(available.size());
  auto open = by_size.begin();
  int64_t left = count;
  // A row that an even share would fill takes all it can; then the share of the others is larger.
  while (open != by_size.end() && available[*open] <= left / (by_size.end() - open)) {
    shares[*open] = available[*open];
    left -= available[*open];
    ++open;
  }
  std::sort(open, by_size.end());
  for (; open != by_size.end(); ++open) {
    const int64_t rows = by_size.end() - open;
    shares[*open] = (left + rows - 1) / rows;
    left -= shares[*open];
  }
  return shares;
}

}  // namespace mj
