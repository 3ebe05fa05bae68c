#pragma once

#include <cstdint>

namespace mj {

/// The sum of products of `count` values, in double.
double dot(const float* a, const float* b, int64_t count);

}  // namespace mj
