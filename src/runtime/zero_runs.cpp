#include "runtime/zero_runs.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace mj {

/// `zeros` have been met since the last value. Within a word only runs are looked for that some code
/// overflows: most words have none, and a branch for each value would be the larger part of the work.
void ZeroRunCounter::add_word(uint64_t word, std::size_t count, uint64_t& zeros) {
  if (word == 0) {
    zeros += count;
    return;
  }
  const auto head = static_cast<std::size_t>(std::countr_zero(word));
  add_run(zeros + head);
  zeros = count - static_cast<std::size_t>(std::bit_width(word));

  static_assert(ZeroRuns::shortest_code == 3);
  const uint64_t between = ~word & (std::bit_floor(word) - 1);
  uint64_t starts = between & (between + 1);  // without the head; soon the places where eight zeros begin
  starts &= starts >> 1U;
  starts &= starts >> 2U;
  starts &= starts >> 4U;
  while (starts != 0) {
    starts >>= std::countr_zero(starts);
    const auto length = static_cast<std::size_t>(std::countr_one(starts));
    add_run(length + 7);
    starts >>= length;
  }
}

void ZeroRunCounter::add(std::span<const uint64_t> bits, std::size_t rows, std::size_t columns) {
  const std::size_t words = words_for(columns);
  uint64_t zeros = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t word = 0; word < words; ++word) {
      add_word(bits[row * words + word], std::min(columns - word * word_bits, word_bits), zeros);
    }
  }
}

void ZeroRunCounter::add(const ZeroRunCounter& other) {
  std::transform(runs_.begin(), runs_.end(), other.runs_.begin(), runs_.begin(), std::plus<>());
  long_runs_.insert(long_runs_.end(), other.long_runs_.begin(), other.long_runs_.end());
}

ZeroRuns ZeroRunCounter::mean(int64_t images) const {
  ZeroRuns mean;
  for (std::size_t bits = ZeroRuns::shortest_code; bits <= ZeroRuns::longest_code; ++bits) {
    uint64_t overflows = 0;
    for (std::size_t length = std::size_t{1} << bits; length < runs_.size(); ++length) {
      overflows += runs_.at(length) * (length >> bits);
    }
    for (const uint64_t length : long_runs_) {
      overflows += length >> bits;
    }
    mean.overflow.at(bits - ZeroRuns::shortest_code) =
        static_cast<double>(overflows) / static_cast<double>(std::max<int64_t>(images, 1));
  }
  return mean;
}

}  // namespace mj
