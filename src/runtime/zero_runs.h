#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "network/activation_stats.h"

namespace mj {

/// Counts the runs of zeros before values, in maps that are coded channel after channel, row after row.
class ZeroRunCounter {
 public:
  static constexpr std::size_t word_bits = 64;
  /// That a row of so many bits takes.
  static constexpr std::size_t words_for(std::size_t bits) { return (bits + word_bits - 1) / word_bits; }

  /// A map as bits, 1 where a value is not zero, in the order in which it is coded: `rows` rows of `columns`
  /// bits, lowest first; each row begins with a word of its own.
  void add(std::span<const uint64_t> bits, std::size_t rows, std::size_t columns);
  void add(const ZeroRunCounter& other);
  /// The means of `images` images.
  ZeroRuns mean(int64_t images) const;

 private:
  void add_run(uint64_t zeros) {
    if (zeros < longest_tallied) {
      ++runs_[zeros];
    } else {
      long_runs_.push_back(zeros);
    }
  }
  void add_word(uint64_t word, std::size_t count, uint64_t& zeros);

  static constexpr std::size_t longest_tallied = 1024;
  std::array<uint64_t, longest_tallied> runs_{};  ///< by their length; those that no code overflows may lack
  std::vector<uint64_t> long_runs_;
};

}  // namespace mj
