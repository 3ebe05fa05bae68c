#include "runtime/zero_runs.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace mj {

void ZeroRunCounter::add_run(uint64_t zeros) {
  if (zeros < runs_.size()) {
    ++runs_[zeros];
  } else {
    long_runs_.push_back(zeros);
  }
}

void ZeroRunCounter::add(std::span<const uint8_t> mask) {
  constexpr std::size_t step = sizeof(uint64_t);
  constexpr int byte_bits = 8;
  constexpr uint64_t all_set = 0x0101010101010101U;
  uint64_t zeros = 0;
  const auto finish_run = [&] {
    add_run(zeros);
    zeros = 0;
  };
  std::size_t i = 0;
  for (; i + step <= mask.size(); i += step) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, mask.data() + i, step);
    if (bytes == all_set && zeros == 0) {
      continue;
    }
    std::size_t done = 0;
    while (bytes != 0) {
      const auto skipped = static_cast<std::size_t>(std::countr_zero(bytes) / byte_bits);
      zeros += skipped;
      finish_run();
      done += skipped + 1;
      bytes = done == step ? 0 : bytes >> (byte_bits * (skipped + 1));
    }
    zeros += step - done;
  }
  for (; i < mask.size(); ++i) {
    if (mask[i] == 0) {
      ++zeros;
    } else {
      finish_run();
    }
  }
}

void ZeroRunCounter::add(const ZeroRunCounter& other) {
  std::transform(runs_.begin(), runs_.end(), other.runs_.begin(), runs_.begin(), std::plus<>());
  long_runs_.insert(long_runs_.end(), other.long_runs_.begin(), other.long_runs_.end());
}

ZeroRuns ZeroRunCounter::mean(int64_t images) const {
  ZeroRuns mean;
  for (std::size_t bits = 1; bits <= mean.overflow.size(); ++bits) {
    uint64_t overflows = 0;
    for (std::size_t length = std::size_t{1} << bits; length < runs_.size(); ++length) {
      overflows += static_cast<uint64_t>(runs_[length]) * (length >> bits);
    }
    for (const uint64_t length : long_runs_) {
      overflows += length >> bits;
    }
    mean.overflow[bits - 1] =
        static_cast<double>(overflows) / static_cast<double>(std::max<int64_t>(images, 1));
  }
  return mean;
}

}  // namespace mj
