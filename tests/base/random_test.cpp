#include "base/random.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "base/threads.h"

namespace mj {
namespace {

TEST(UnitRandom, FollowsThePublishedGenerator) {
  // First outputs of xoshiro256** whose state is splitmix64(0)'s first four, computed with the authors' C
  // reference: splitmix64(0) = e220a8397b1dcdaf 6e789e6aa1b965f4 06c45d188009454f f88bb8a8724c81ec. result =
  // rotl(s1 * 5, 7) * 9 = rotl(0x6e789e6aa1b965f4 * 5, 7) * 9, by hand:
  const uint64_t product = 0x6e789e6aa1b965f4U * 5;
  const uint64_t expected = ((product << 7U) | (product >> 57U)) * 9;
  EXPECT_EQ(Random(0).next(), expected);
}

TEST(UnitRandom, DrawsAreInRangeAndEven) {
  Random random(7);
  std::vector<int> counts(5);
  for (int i = 0; i < 50000; ++i) {
    ++counts.at(random.below(5));
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10000, 400);  // 4.5 standard deviations of a binomial
  }
}

TEST(UnitRandom, SamplesAreSortedDifferentAndRepeatable) {
  const auto sample = sample_indices(1000, 100, 3);
  EXPECT_EQ(sample.size(), 100U);
  for (std::size_t i = 1; i < sample.size(); ++i) {
    EXPECT_LT(sample[i - 1], sample[i]);
  }
  EXPECT_EQ(sample, sample_indices(1000, 100, 3));
  EXPECT_NE(sample, sample_indices(1000, 100, 4));
  EXPECT_EQ(sample_indices(3, 10, 0), (std::vector<std::size_t>{0, 1, 2}));
}

TEST(UnitThreads, EveryIndexIsWorkedOnOnce) {
  std::vector<std::atomic<int>> visits(1000);
  parallel_for(visits.size(), 4, [&](std::size_t i) { ++visits[i]; });
  for (const auto& count : visits) {
    EXPECT_EQ(count, 1);
  }
}

TEST(UnitThreads, TheFirstExceptionComesOut) {
  EXPECT_THROW(parallel_for(100, 4,
                            [](std::size_t i) {
                              if (i == 50) {
                                throw std::runtime_error("50");
                              }
                            }),
               std::runtime_error);
}

}  // namespace
}  // namespace mj
