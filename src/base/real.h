#pragma once

#include <cstdint>

namespace mj {

/// A count as a factor of what may pass the range of integers or be divided.
constexpr double real(int64_t count) {
  return static_cast<double>(count);
}

}  // namespace mj
