#pragma once

#include <cstdint>

namespace mj {

/// The quotient of positive numbers, rounded up.
constexpr int64_t ceil_divide(int64_t dividend, int64_t divisor) {
  return (dividend - 1) / divisor + 1;
}

}  // namespace mj
