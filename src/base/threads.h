#pragma once

#include <cstddef>
#include <functional>

namespace mj {

/// Processors that this process may use, at least 1.
int available_threads();

/// Calls work(i) for i in 0..count-1 on up to `threads` threads and waits. The first exception thrown by
/// `work` is thrown again here, after the running calls have ended.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& work);

}  // namespace mj
