#include "runtime/zero_runs.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace mj {
namespace {

constexpr std::size_t side = 8;  // of a block of bits that is turned
constexpr std::size_t word_bits = 64;

/// Up to eight bytes of 0 or 1 as bits, the first lowest.
uint64_t gather_bits(const uint8_t* bytes, std::size_t count) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, std::min(count, side));
  return word * 0x0102040810204080U >> 56U;
}

/// An 8 x 8 matrix of bits, a byte a row, with rows and columns exchanged (Warren, Hacker's Delight, 7-3).
uint64_t transposed(uint64_t x) {
  uint64_t t = (x ^ (x >> 7U)) & 0x00AA00AA00AA00AAU;
  x ^= t ^ (t << 7U);
  t = (x ^ (x >> 14U)) & 0x0000CCCC0000CCCCU;
  x ^= t ^ (t << 14U);
  t = (x ^ (x >> 28U)) & 0x00000000F0F0F0F0U;
  return x ^ t ^ (t << 28U);
}

std::size_t round_up(std::size_t count, std::size_t step) {
  return (count + step - 1) / step * step;
}

/// A run of zeros that some code overflows lies within the word.
bool has_long_run(uint64_t word) {
  static_assert(ZeroRuns::shortest_code == 3);
  uint64_t zeros = ~word;
  zeros &= zeros >> 1U;
  zeros &= zeros >> 2U;
  return (zeros & (zeros >> 4U)) != 0;
}

/// An 8 x 8 block of the mask of a map with its channels side by side: a byte a channel, a bit a position.
uint64_t turned_block(const uint8_t* mask, std::size_t channels, std::size_t wanted_channels,
                      std::size_t positions) {
  uint64_t block = 0;
  if (positions >= side && wanted_channels >= side) {
    for (std::size_t i = 0; i < side; ++i) {
      block |= gather_bits(mask + i * channels, side) << side * i;
    }
  } else {
    for (std::size_t i = 0; i < std::min(positions, side); ++i) {
      block |= gather_bits(mask + i * channels, wanted_channels) << side * i;
    }
  }
  return transposed(block);
}

}  // namespace

void ZeroRunCounter::add_bits(std::span<const uint64_t> bits, std::size_t count, uint64_t& zeros) {
  for (const uint64_t packed : bits) {
    std::size_t left = std::min(count, word_bits);
    count -= left;
    uint64_t word = packed;
    if (word != 0 && left == word_bits && !has_long_run(word)) {  // the usual case, without a branch a value
      add_run(zeros + static_cast<std::size_t>(std::countr_zero(word)));
      zeros = static_cast<std::size_t>(std::countl_zero(word));
      continue;
    }
    while (word != 0) {
      const auto run = static_cast<std::size_t>(std::countr_zero(word));
      word >>= run;
      add_run(zeros + run);
      zeros = 0;
      const auto values = static_cast<std::size_t>(std::countr_one(word));
      word = values < word_bits ? word >> values : 0;
      left -= run + values;
    }
    zeros += left;
  }
}

void ZeroRunCounter::add(std::span<const uint8_t> mask) {
  std::vector<uint64_t> bits(round_up(mask.size(), word_bits) / word_bits);
  for (std::size_t i = 0; i < mask.size(); i += side) {
    bits[i / word_bits] |= gather_bits(mask.data() + i, mask.size() - i) << i % word_bits;
  }
  uint64_t zeros = 0;
  add_bits(bits, mask.size(), zeros);
}

void ZeroRunCounter::add_channels_last(std::span<const uint8_t> mask, int64_t channels) {
  const auto length = static_cast<std::size_t>(channels);
  const std::size_t positions = mask.size() / length;
  const std::size_t words = round_up(positions, word_bits) / word_bits;
  std::vector<uint64_t> bits(round_up(length, side) * words);
  for (std::size_t position = 0; position < positions; position += side) {
    for (std::size_t channel = 0; channel < length; channel += side) {
      const uint64_t block = turned_block(mask.data() + position * length + channel, length, length - channel,
                                          positions - position);
      for (std::size_t i = 0; i < side; ++i) {
        bits[(channel + i) * words + position / word_bits] |= (block >> side * i & 0xFFU)
                                                              << position % word_bits;
      }
    }
  }
  uint64_t zeros = 0;
  for (std::size_t channel = 0; channel < length; ++channel) {
    add_bits(std::span(bits).subspan(channel * words, words), positions, zeros);
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
