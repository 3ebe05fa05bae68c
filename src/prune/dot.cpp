#include "prune/dot.h"

#include <array>
#include <cstddef>
#include <numeric>

#include "prune/wide_registers.h"

namespace mj {

MJ_WIDE_REGISTERS double dot(const float* a, const float* b, int64_t count) {
  constexpr int64_t lanes = 16;  // sums side by side, whatever the registers' width
  std::array<double, lanes> sums{};
  for (int64_t i = 0; i + lanes <= count; i += lanes) {
    for (int64_t lane = 0; lane < lanes; ++lane) {
      sums[static_cast<std::size_t>(lane)] +=
          static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (int64_t i = count - count % lanes; i < count; ++i) {
    sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace mj
