#include "runtime/nonzero_map.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace mj {
namespace {

constexpr std::size_t byte_bits = 8;

/// A loop of its own, so that the compiler knows that nothing overlaps, for the processor at hand: whether a
/// value is not zero is added to its tally and pushed into its byte of `bits` from above.
[[gnu::target_clones("avx2", "default")]] void mark_nonzeros(const float* __restrict values,
                                                             std::size_t count, uint8_t* __restrict tally,
                                                             uint8_t* __restrict bits) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto nonzero = static_cast<uint8_t>(values[i] != 0 ? 1 : 0);
    tally[i] = static_cast<uint8_t>(tally[i] + nonzero);
    bits[i] = static_cast<uint8_t>(bits[i] >> 1 | nonzero << (byte_bits - 1));
  }
}

/// The highest bits of eight bytes, that of the first lowest.
uint8_t gather_bits(const uint8_t* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return static_cast<uint8_t>((word >> (byte_bits - 1) & 0x0101010101010101U) * 0x0102040810204080U >> 56U);
}

}  // namespace

void NonzeroMap::add(const float* map) {
  tally_.resize(counts_.size());
  if (channels_ == 1) {
    add_straight(map);
  } else {
    add_channels_last(map);
  }
  runs_.add(bits_, channels_, positions_);
  if (++tallied_ == std::numeric_limits<uint8_t>::max()) {
    keep_tally();
  }
}

void NonzeroMap::add_straight(const float* map) {
  bits_.assign(ZeroRunCounter::words_for(positions_), 0);
  packed_.assign(bits_.size() * ZeroRunCounter::word_bits, 0);
  mark_nonzeros(map, positions_, tally_.data(), packed_.data());
  for (std::size_t i = 0; i < positions_; i += byte_bits) {
    const auto byte = static_cast<uint64_t>(gather_bits(packed_.data() + i));
    bits_[i / ZeroRunCounter::word_bits] |= byte << i % ZeroRunCounter::word_bits;
  }
}

/// Eight positions of all channels at a time become a byte a channel: no matrix of bits has to be turned.
void NonzeroMap::add_channels_last(const float* map) {
  const std::size_t words = ZeroRunCounter::words_for(positions_);
  bits_.assign(channels_ * words, 0);
  packed_.resize(channels_);
  static_assert(std::endian::native == std::endian::little, "a word's bytes are written one by one");
  auto* bytes = reinterpret_cast<uint8_t*>(bits_.data());
  for (std::size_t position = 0; position < positions_; position += byte_bits) {
    const std::size_t end = std::min(position + byte_bits, positions_);
    for (std::size_t i = position; i < end; ++i) {
      mark_nonzeros(map + i * channels_, channels_, tally_.data() + i * channels_, packed_.data());
    }
    const std::size_t too_high = position + byte_bits - end;
    for (std::size_t channel = 0; channel < channels_; ++channel) {
      bytes[channel * words * sizeof(uint64_t)] = static_cast<uint8_t>(packed_[channel] >> too_high);
    }
    ++bytes;
  }
}

void NonzeroMap::keep_tally() {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] += tally_[i];
  }
  std::fill(tally_.begin(), tally_.end(), uint8_t{0});
  tallied_ = 0;
}

std::vector<int64_t> NonzeroMap::counts() const {
  std::vector<int64_t> ordered(counts_.size());
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    ordered[i % channels_ * positions_ + i / channels_] = counts_[i] + (tally_.empty() ? 0 : tally_[i]);
  }
  return ordered;
}

}  // namespace mj
