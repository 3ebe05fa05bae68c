#include "runtime/zero_runs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "energy/workload.h"

namespace mj {
namespace {

// 0 0 1, then 70 zeros and a 1, then zeros that no value follows; over two images.
TEST(UnitZeroRuns, AreCountedBeforeValuesOnly) {
  std::vector<uint8_t> mask(120);
  mask[2] = mask[73] = 1;
  ZeroRunCounter counter;
  counter.add(mask);
  const ZeroRuns runs = counter.mean(2);
  EXPECT_EQ(runs.overflow[0], (1 + 35) / 2.0);
  EXPECT_EQ(runs.overflow[4], 2 / 2.0);
  EXPECT_EQ(runs.overflow[6], 0);
}

// What the coder of weights does with each value in turn is what the counts say of all.
TEST(PropertyZeroRuns, AgreeWithTheCoder) {
  Random random(3);
  for (int round = 0; round < 40; ++round) {
    const double density = random.uniform() * (round % 2 == 0 ? 1 : 0.003);
    std::vector<std::vector<uint8_t>> maps(
        2, std::vector<uint8_t>(static_cast<std::size_t>(random.below(6000))));
    ZeroRunCounter counter;
    ZeroRunCounter rest;
    std::vector<int64_t> pairs(16);
    int64_t nonzeros = 0;
    for (auto& mask : maps) {
      std::generate(mask.begin(), mask.end(), [&] { return random.uniform() < density ? 1 : 0; });
      (&mask == maps.data() ? counter : rest).add(mask);
      nonzeros += std::count(mask.begin(), mask.end(), 1);
      const std::vector<float> values(mask.begin(), mask.end());
      const auto last = std::find(values.rbegin(), values.rend(), 1.0F);
      for (int bits = 1; bits <= 16; ++bits) {
        pairs.at(static_cast<std::size_t>(bits - 1)) +=
            run_length_pairs(values.data(), values.rend() - last, bits);
      }
    }
    counter.add(rest);
    for (int bits = 1; bits <= 16; ++bits) {
      EXPECT_EQ(overflows(counter.mean(1), bits) + static_cast<double>(nonzeros),
                static_cast<double>(pairs.at(static_cast<std::size_t>(bits - 1))))
          << bits;
    }
  }
}

}  // namespace
}  // namespace mj
