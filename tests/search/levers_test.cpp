#include "search/levers.h"

#include <gtest/gtest.h>

#include "networks.h"

namespace {

mj::Estimate estimate_of(const std::vector<mj::Workload>& workloads, int64_t batch) {
  return estimate(workloads, mj::read_accelerator("eyeriss-cvpr17"), batch);
}

double remaining(const std::vector<mj::Lever>& levers, const std::string& change) {
  for (const mj::Lever& lever : levers) {
    if (lever.change == change) {
      return total_energy(lever.after).value;
    }
  }
  ADD_FAILURE() << "no lever " << change;
  return 0;
}

// What each lever says is what the changed network costs.
TEST(UnitLevers, SayWhatTheChangedNetworkCosts) {
  const auto accelerator = mj::read_accelerator("eyeriss-cvpr17");
  const auto layers = networks::squeezenet(2);
  const auto levers = try_levers(estimate_of(layers, 2), accelerator);
  ASSERT_EQ(levers.size(), 4U);
  const double larger_batch = total_energy(estimate_of(networks::squeezenet(8), 8)).value;
  EXPECT_NEAR(remaining(levers, "4 x batch"), larger_batch, 1e-9 * larger_batch);
  auto narrow = layers;
  for (mj::Workload& layer : narrow) {
    layer.weight_bits = layer.activation_bits = 8;
  }
  EXPECT_DOUBLE_EQ(remaining(levers, "half the bits"), total_energy(estimate_of(narrow, 2)).value);
}

TEST(UnitLevers, ZerosDoNotHelpWhereTheHardwareDoesNotUseThem) {
  const std::vector<mj::Workload> layers = networks::squeezenet(4);
  const auto chip = mj::read_accelerator("eyeriss");
  const mj::Estimate now = estimate(layers, chip, 4);
  const auto levers = try_levers(now, chip);
  EXPECT_DOUBLE_EQ(remaining(levers, "half the weights"), total_energy(now).value);
  EXPECT_LT(remaining(levers, "half the maps"), 0.9 * total_energy(now).value);
}

TEST(UnitLevers, ABatchTooLargeToCountIsLeftOut) {
  mj::LayerShape shape;
  shape.n = int64_t{1} << 52;
  shape.k = shape.c = 1;
  const auto levers = try_levers(estimate_of({workload_with_density(shape, 1, 1)}, 1),
                                 mj::read_accelerator("eyeriss-cvpr17"));
  EXPECT_EQ(levers.size(), 3U);
}

// One weight for two pixels: by hand, it comes from memory (200), is written into the register (1) and read
// there for each MAC (2). Four images share all but the last.
TEST(UnitLevers, ALargerBatchSharesWeightsUnderLoopNests) {
  std::vector<mj::Problem> problems;
  const auto accelerator = mj::parse_accelerator(
      mj::parse_document("name: two\nmac: { energy: 1 }\nlevels:\n  - { name: DRAM, energy: 200 }\n"
                         "  - { name: RF, words: 3, energy: 1 }\n",
                         "two.yaml"),
      problems);
  ASSERT_TRUE(problems.empty());
  mj::LayerShape shape;
  shape.p = shape.height = 2;
  const mj::Estimate now = estimate({workload_with_density(shape, 1, 1)}, accelerator, 1);
  const auto levers = try_levers(now, accelerator);
  const double weights_now = operand_energy(now, mj::Operand::weights).value;
  EXPECT_DOUBLE_EQ(weights_now, 203);
  for (const mj::Lever& lever : levers) {
    if (lever.change == "4 x batch") {
      EXPECT_DOUBLE_EQ(operand_energy(lever.after, mj::Operand::weights).value, 201.0 / 4 + 2);
    }
  }
}

// A search of the changed network finds at most what a lever says of the nests that are there.
TEST(PropertyLevers, LoopNestsGiveAnUpperBound) {
  const auto accelerator = mj::read_accelerator("shidiannao");
  auto layers = networks::squeezenet(1);
  layers.resize(4);
  const mj::Estimate now = estimate(layers, accelerator, 1);
  const auto levers = try_levers(now, accelerator);
  auto batched = networks::squeezenet(4);
  batched.resize(4);
  const double best = total_energy(estimate(batched, accelerator, 4)).value;
  EXPECT_LE(best, remaining(levers, "4 x batch") * (1 + 1e-9));
  EXPECT_LE(remaining(levers, "4 x batch"), total_energy(now).value * (1 + 1e-9));
  EXPECT_LT(remaining(levers, "half the bits"), 0.6 * total_energy(now).value);
}

}  // namespace
