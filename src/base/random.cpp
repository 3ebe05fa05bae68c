#include "base/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace mj {
namespace {

uint64_t split_mix(uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

Random::Random(uint64_t seed) {
  for (auto& word : state_) {
    word = split_mix(seed);
  }
}

uint64_t Random::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::below(uint64_t bound) {
  ensure(bound > 0, "Random::below needs a positive bound");
  // Values above the largest multiple of `bound` would favour small results.
  const uint64_t excess = (0 - bound) % bound;
  uint64_t value = next();
  while (value < excess) {
    value = next();
  }
  return value % bound;
}

double Random::uniform() {
  return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

uint64_t derive_seed(uint64_t seed, uint64_t task) {
  uint64_t state = seed;
  state = split_mix(state) ^ task;
  return split_mix(state);
}

std::vector<std::size_t> sample_indices(std::size_t size, std::size_t count, uint64_t seed) {
  auto order = shuffled_indices(size, seed);
  order.resize(std::min(size, count));
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<std::size_t> shuffled_indices(std::size_t size, uint64_t seed) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random random(seed);
  for (std::size_t i = size; i > 1; --i) {
    std::swap(order[i - 1], order[random.below(i)]);
  }
  return order;
}

}  // namespace mj
