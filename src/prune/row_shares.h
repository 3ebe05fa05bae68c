#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mj {

/// Deals `count` out evenly over rows that can take available[i] each: what a short row cannot take goes to
/// the others, and the first rows get one more where the rest does not divide. Sums to min(count, all
/// available).
std::vector<int64_t> share_among_rows(std::span<const int64_t> available, int64_t count);

}  // namespace mj
