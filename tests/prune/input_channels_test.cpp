#include "prune/input_channels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "prune/exact_obs.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

constexpr SecondOrderOptions undamped{.damping = 0, .threads = 1};

double refitted_error(const LayerProblem& problem, const Support& support) {
  return output_error(problem, refit_kept(problem, support, 0, 1), 1) * problem.output_power;
}

TEST(UnitInputChannels, OneRowAndOnePlaceAreExactObs) {
  const auto removal = remove_input_channels(two_inputs(1, 2), 1, 0, undamped);
  EXPECT_EQ(removal.removed, (std::vector<int64_t>{0, 1}));
  EXPECT_NEAR(removal.losses[0], 1.5, 1e-12);
  EXPECT_NEAR(removal.losses[1], 12.5, 1e-12);
  const auto problem = noisy_problem(1, 60, 200, 3);
  const auto orders = removal_orders(problem, full_support(1, 60), undamped);
  const auto order = remove_input_channels(problem, 1, 0, undamped);
  EXPECT_TRUE(std::equal(order.removed.begin(), order.removed.end(), orders[0].columns.begin()));
}

TEST(PropertyInputChannels, EveryRemovalIsTheOneThatRaisesTheRefittedErrorLeast) {
  const auto problem = noisy_problem(6, 5 * 4, 100, 2);
  const auto removal = remove_input_channels(problem, 4, 0, undamped);
  std::vector<int64_t> left{0, 1, 2, 3, 4};
  double present = refitted_error(problem, full_support(6, 20));
  ASSERT_EQ(removal.removed.size(), 5);
  for (std::size_t step = 0; step < 5; ++step) {
    double least = std::numeric_limits<double>::infinity();
    int64_t best = 0;
    for (const int64_t c : left) {
      auto others = left;
      std::erase(others, c);
      const double error = refitted_error(problem, keep_channels(6, 20, 4, others));
      best = error < least ? c : best;
      least = std::min(least, error);
    }
    EXPECT_EQ(removal.removed[step], best);
    EXPECT_NEAR(removal.losses[step], least - present, 1e-6 * present);
    present = least;
    std::erase(left, best);
  }
}

TEST(UnitInputChannels, MoreOrFewerLevelsHaveTheSameOrderOnAnyNumberOfThreads) {
  const auto problem = noisy_problem(70, 9 * 9, 200, 4);
  const auto all = remove_input_channels(problem, 9, 0, {.threads = 1});
  const auto some = remove_input_channels(problem, 9, 4, {.threads = 3});
  EXPECT_TRUE(all.kept.empty());
  ASSERT_EQ(some.removed.size(), 5);
  EXPECT_TRUE(std::equal(some.removed.begin(), some.removed.end(), all.removed.begin()));
  EXPECT_TRUE(std::equal(some.losses.begin(), some.losses.end(), all.losses.begin()));
  std::vector<int64_t> kept(all.removed.begin() + 5, all.removed.end());
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(some.kept, kept);
  EXPECT_TRUE(remove_input_channels(problem, 9, 20, {}).removed.empty());
}

TEST(UnitInputChannels, ChannelsThatNeverChangeOrRepeatOthersGoFirst) {
  auto inputs = normal_matrix(30, 8, 1);
  for (int64_t k = 0; k < 30; ++k) {
    for (int64_t j = 0; j < 2; ++j) {
      inputs.at(k, 2 + j) = 3;                    // channel 1
      inputs.at(k, 6 + j) = 2 * inputs.at(k, j);  // channel 3 is twice channel 0
    }
  }
  const auto weights = normal_matrix(3, 8, 2);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  for (const double damping : {0.0, 1e-3}) {
    const auto removal = remove_input_channels(problem, 2, 2, {.damping = damping, .threads = 1});
    std::vector<int64_t> first(removal.removed);
    std::sort(first.begin(), first.end());
    EXPECT_EQ(first[0] == 0 ? first[1] : first[0], 1) << damping;
    EXPECT_TRUE(std::binary_search(first.begin(), first.end(), 0) ||
                std::binary_search(first.begin(), first.end(), 3));
    EXPECT_LT(removal.losses[0] + removal.losses[1], 0.01 * problem.output_power);
  }
}

TEST(UnitInputChannels, SupportsHaveAllPlacesOfAChannel) {
  EXPECT_EQ(keep_channels(2, 6, 2, {0, 2}).kept, (std::vector<uint8_t>{1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1}));
  EXPECT_THROW(remove_input_channels(two_inputs(1, 2), 3, 0, {}), InternalError);
}

}  // namespace
}  // namespace mj
