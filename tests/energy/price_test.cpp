#include "energy/price.h"

#include <gtest/gtest.h>

#include "energy/random_layer.h"

namespace {

using mj::Operand;

/// One access of each kind at each level, 10 MACs.
mj::AccessCounts one_of_each() {
  mj::AccessCounts counts;
  for (const char* name : {"DRAM", "buffer", "array", "RF"}) {
    mj::LevelAccesses level{name, {}};
    for (const Operand operand : mj::all_operands) {
      level.operands[operand] = {{1}, {2}};
    }
    counts.levels.push_back(level);
  }
  counts.macs = 10;
  return counts;
}

// Costs 200, 6, 2, 1 a word (ISCA 2016, Table IV), three words of each operand at each level.
TEST(UnitPrice, MultipliesAccessesByTheLevelsCosts) {
  const auto energy = price(one_of_each(), mj::Workload{}, mj::read_accelerator("eyeriss"), 1);
  EXPECT_EQ(energy.compute.value, 10);
  for (const Operand operand : mj::all_operands) {
    EXPECT_EQ(energy.by_operand[operand].value, 3 * 209);
  }
  EXPECT_EQ(energy.total.value, 9 * 209 + 10);
  const std::vector<std::pair<std::string, mj::Energy>> by_level{
      {"DRAM", {1800}}, {"buffer", {54}}, {"array", {18}}, {"RF", {9}}, {"MAC", {10}}};
  EXPECT_EQ(energy.by_level, by_level);
}

TEST(UnitPrice, IsPerImage) {
  const auto energy = price(one_of_each(), mj::Workload{}, mj::read_accelerator("eyeriss"), 4);
  EXPECT_EQ(energy.total.value, (9 * 209 + 10) / 4.0);
  EXPECT_EQ(energy.compute.value, 2.5);
}

// Storage is linear in bits, a multiplier in the product of both widths, 4 * 8 / 16^2 = 1/8, an adder, 6 % of
// a MAC, in their mean, 6 / 16.
TEST(UnitPrice, NarrowOperandsCostLess) {
  mj::Workload layer;
  layer.weight_bits = 4;
  layer.activation_bits = 8;
  const auto energy = price(one_of_each(), layer, mj::read_accelerator("eyeriss"), 1);
  EXPECT_EQ(energy.by_operand[Operand::weights].value, 3 * 209 / 4.0);
  EXPECT_EQ(energy.by_operand[Operand::inputs].value, 3 * 209 / 2.0);
  EXPECT_EQ(energy.by_operand[Operand::outputs].value, 3 * 209 / 2.0);
  EXPECT_DOUBLE_EQ(energy.compute.value, 10 * (.94 / 8 + .06 * 6 / 16));
}

TEST(UnitPrice, ReadsAndWritesMayCostDifferently) {
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[0].write_energy = 220;
  const auto energy = price(one_of_each(), mj::Workload{}, accelerator, 1);
  EXPECT_EQ(energy.by_level[0].second.value, 3 * (200 + 2 * 220));
}

TEST(PropertyPrice, PartsAddUpToTheTotal) {
  mj::Random random(7);
  const auto accelerator = mj::read_accelerator("eyeriss-cvpr17");
  for (int i = 0; i < 100; ++i) {
    const auto layer = workload_with_density(random_shape(random, 12), random.uniform(), random.uniform());
    const auto energy = price(count_accesses(layer, accelerator, {}), layer, accelerator, 3);
    double levels = 0;
    for (const auto& [name, part] : energy.by_level) {
      levels += part.value;
    }
    double operands = energy.compute.value;
    for (const Operand operand : mj::all_operands) {
      operands += energy.by_operand[operand].value;
    }
    EXPECT_NEAR(levels, energy.total.value, 1e-9 * levels);
    EXPECT_NEAR(operands, energy.total.value, 1e-9 * levels);
  }
}

}  // namespace
