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

}  // namespace
