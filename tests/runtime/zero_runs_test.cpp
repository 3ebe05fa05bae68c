#include "runtime/zero_runs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "energy/workload.h"

namespace mj {
namespace {

// 0 0 1, then 70 zeros and a 1, then zeros that no value follows; over two images. 70 / 8 = 8, 70 / 32 = 2.
TEST(UnitZeroRuns, AreCountedBeforeValuesOnly) {
  std::vector<uint8_t> mask(120);
  mask[2] = mask[73] = 1;
  ZeroRunCounter counter;
  counter.add(mask);
  const ZeroRuns runs = counter.mean(2);
  EXPECT_EQ(overflows(runs, 3), 8 / 2.0);
  EXPECT_EQ(overflows(runs, 5), 2 / 2.0);
  EXPECT_EQ(overflows(runs, 7), 0);
}

std::vector<uint8_t> random_mask(Random& random, std::size_t size, double density) {
  std::vector<uint8_t> mask(size);
  std::generate(mask.begin(), mask.end(), [&] { return random.uniform() < density ? 1 : 0; });
  return mask;
}

// What the coder of weights does with each value in turn is what the counts say of all.
TEST(PropertyZeroRuns, AgreeWithTheCoder) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const double density = round % 3 == 2 ? .9 : random.uniform() * (round % 3 == 0 ? 1 : 0.003);
    ZeroRunCounter counter;
    std::vector<int64_t> pairs(16);
    int64_t nonzeros = 0;
    for (int part = 0; part < 2; ++part) {
      const auto map = random_mask(random, random.below(6000), density);
      ZeroRunCounter own;
      own.add(map);
      counter.add(own);
      nonzeros += std::count(map.begin(), map.end(), 1);
      const std::vector<float> values(map.begin(), map.end());
      const auto last = std::find(values.rbegin(), values.rend(), 1.0F);
      for (int bits = 3; bits <= 16; ++bits) {
        pairs.at(static_cast<std::size_t>(bits - 1)) +=
            run_length_pairs(values.data(), values.rend() - last, bits);
      }
    }
    for (int bits = 3; bits <= 16; ++bits) {
      EXPECT_EQ(overflows(counter.mean(1), bits) + static_cast<double>(nonzeros),
                static_cast<double>(pairs.at(static_cast<std::size_t>(bits - 1))))
          << bits;
    }
  }
}

TEST(PropertyZeroRuns, DoNotDependOnTheOrderInMemory) {
  Random random(4);
  for (int round = 0; round < 60; ++round) {
    const std::size_t channels = 1 + random.below(40);
    const std::size_t positions = 1 + random.below(200);
    const auto map = random_mask(random, channels * positions, random.uniform());
    std::vector<uint8_t> channels_last(map.size());
    for (std::size_t i = 0; i < map.size(); ++i) {
      channels_last[i % positions * channels + i / positions] = map[i];
    }
    ZeroRunCounter straight;
    straight.add(map);
    ZeroRunCounter turned;
    turned.add_channels_last(channels_last, static_cast<int64_t>(channels));
    EXPECT_EQ(straight.mean(1).overflow, turned.mean(1).overflow) << channels << " x " << positions;
  }
}

}  // namespace
}  // namespace mj
