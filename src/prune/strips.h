#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/threads.h"

namespace mj {

inline int64_t strip_count(int64_t count, int64_t width) {
  return (count + width - 1) / width;
}

/// For each strip of at most `width` of `count`: where it begins and how wide it is. Strips are the same for
/// any number of threads.
inline void for_each_strip(int64_t count, int64_t width, int threads,
                           const std::function<void(int64_t first, int64_t wide)>& work) {
  parallel_for(static_cast<std::size_t>(strip_count(count, width)), threads, [&](std::size_t strip) {
    const int64_t first = static_cast<int64_t>(strip) * width;
    work(first, std::min(width, count - first));
  });
}

}  // namespace mj
