#include "runtime/nonzero_map.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "energy/workload.h"

namespace mj {
namespace {

NonzeroMap counted(const std::vector<float>& map) {
  NonzeroMap counter(1, map.size());
  counter.add(map.data());
  return counter;
}

// 0 0 1, then 70 zeros and a 1, then zeros that no value follows; over two images. 70 / 8 = 8, 70 / 32 = 2.
TEST(UnitNonzeroMap, CountsRunsBeforeValuesOnly) {
  std::vector<float> map(120);
  map[2] = map[73] = -.5F;
  const ZeroRuns runs = counted(map).runs().mean(2);
  EXPECT_EQ(overflows(runs, 3), 8 / 2.0);
  EXPECT_EQ(overflows(runs, 5), 2 / 2.0);
  EXPECT_EQ(overflows(runs, 7), 0);
}

std::vector<float> random_map(Random& random, std::size_t size, double density) {
  std::vector<float> map(size);
  std::generate(map.begin(), map.end(), [&] { return random.uniform() < density ? 1.F : 0.F; });
  return map;
}

// What the coder of weights does with each value in turn is what the counts say of all.
TEST(PropertyNonzeroMap, RunsAgreeWithTheCoder) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const double density = round % 3 == 2 ? .9 : random.uniform() * (round % 3 == 0 ? 1 : 0.003);
    ZeroRunCounter runs;
    std::vector<int64_t> pairs(16);
    int64_t nonzeros = 0;
    for (int part = 0; part < 2; ++part) {
      const auto map = random_map(random, random.below(6000), density);
      runs.add(counted(map).runs());
      nonzeros += std::count(map.begin(), map.end(), 1.F);
      const auto last = std::find(map.rbegin(), map.rend(), 1.F);
      for (int bits = 3; bits <= 16; ++bits) {
        pairs.at(static_cast<std::size_t>(bits - 1)) += run_length_pairs(map.data(), map.rend() - last, bits);
      }
    }
    for (int bits = 3; bits <= 16; ++bits) {
      EXPECT_EQ(overflows(runs.mean(1), bits) + static_cast<double>(nonzeros),
                static_cast<double>(pairs.at(static_cast<std::size_t>(bits - 1))))
          << bits;
    }
  }
}

// Over more images than a byte counts; against a sum value by value.
TEST(PropertyNonzeroMap, DoesNotDependOnTheOrderInMemory) {
  Random random(4);
  for (int round = 0; round < 40; ++round) {
    const std::size_t channels = 1 + random.below(40);
    const std::size_t positions = 1 + random.below(200);
    NonzeroMap straight(1, channels * positions);
    NonzeroMap turned(channels, positions);
    std::vector<int64_t> sum(channels * positions);
    const uint64_t images = round == 0 ? 600 : 1 + random.below(3);
    for (uint64_t image = 0; image < images; ++image) {
      const auto map = random_map(random, channels * positions, random.uniform());
      std::vector<float> channels_last(map.size());
      for (std::size_t i = 0; i < map.size(); ++i) {
        channels_last[i % positions * channels + i / positions] = map[i];
        sum[i] += map[i] != 0 ? 1 : 0;
      }
      straight.add(map.data());
      turned.add(channels_last.data());
    }
    EXPECT_EQ(straight.counts(), sum);
    EXPECT_EQ(turned.counts(), sum);
    EXPECT_EQ(straight.runs().mean(1).overflow, turned.runs().mean(1).overflow)
        << channels << " x " << positions;
  }
}

}  // namespace
}  // namespace mj
