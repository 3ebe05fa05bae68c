#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mj {

/// A seeded generator whose sequence is the same on every platform (xoshiro256** seeded by splitmix64;
/// Blackman and Vigna 2018; the standard library's distributions are not portable).
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  /// Uniform in [0, 1).
  double uniform();
  /// Standard normal (Box-Muller).
  double normal();

 private:
  std::array<uint64_t, 4> state_{};
};

/// A seed for a sub-task, so that what is drawn there depends on nothing else.
uint64_t derive_seed(uint64_t seed, uint64_t task);

/// `count` different numbers of 0..size-1 in increasing order, each subset equally likely; all of them if
/// count >= size.
std::vector<std::size_t> sample_indices(std::size_t size, std::size_t count, uint64_t seed);

/// 0..size-1 in random order.
std::vector<std::size_t> shuffled_indices(std::size_t size, uint64_t seed);

}  // namespace mj
