#include "prune/exact_obs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "synthetic_layer.h"

namespace mj {
namespace {

constexpr SecondOrderOptions undamped{.damping = 0, .threads = 1};

/// ||Y - X A^T||^2 after the refit.
double undamped_error(const LayerProblem& problem, const Support& support) {
  return output_error(problem, refit_kept(problem, support, 0, 1), 1) * problem.output_power;
}

TEST(UnitExactObs, LossesAreThoseWorkedByHand) {
  // 1^2 / (2/3) = 1.5 against 2^2 / (2/3) = 6. Without the first the second becomes 2 + 1/2, and its loss
  // 2.5^2 * 2 = 12.5; together 14 = w^T H w.
  const auto orders = removal_orders(two_inputs(1, 2), full_support(1, 2), undamped);
  ASSERT_EQ(orders.size(), 1);
  EXPECT_EQ(orders[0].columns, (std::vector<int32_t>{0, 1}));
  EXPECT_NEAR(orders[0].losses[0], 1.5, 1e-6);
  EXPECT_NEAR(orders[0].losses[1], 12.5, 1e-5);
}

// Losses of 1.5 and 6 in the first row, as above, of 6 and 1.5 in the second.
TEST(UnitExactObs, LossesAreDividedByPrices) {
  auto problem = exact_problem(matrix_of(2, 2, {1, 2, 2, 1}), matrix_of(3, 2, {1, 0, 0, 1, 1, 1}));
  const auto left = [&](std::vector<double> prices) {
    problem.prices = std::move(prices);
    return choose_support_by_exact_obs(problem, full_support(2, 2), 3, undamped).kept;
  };
  EXPECT_EQ(left({1, 1.1}), (std::vector<uint8_t>{1, 1, 1, 0}));
  EXPECT_EQ(left({1.1, 1}), (std::vector<uint8_t>{0, 1, 1, 1}));
  problem.prices = {1, 4.1};
  EXPECT_EQ(removal_orders(problem, full_support(2, 2), undamped)[0].columns, (std::vector<int32_t>{1, 0}));
}

TEST(UnitExactObs, ColumnsThatAreNoCandidatesGoFirst) {
  const auto orders = removal_orders(two_inputs(1, 2), {1, 2, {1, 0}}, undamped);
  EXPECT_EQ(orders[0].columns, (std::vector<int32_t>{1, 0}));
  EXPECT_NEAR(orders[0].losses[0], 6, 1e-5);
}

TEST(PropertyExactObs, EveryRemovalIsTheOneThatRaisesTheRefittedErrorLeast) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto problem = noisy_problem(3, 7, 60, seed);
    const auto orders = removal_orders(problem, full_support(3, 7), undamped);
    for (std::size_t i = 0; i < orders.size(); ++i) {
      Support support = full_support(3, 7);
      for (const int32_t chosen : orders[i].columns) {
        auto least = std::numeric_limits<double>::infinity();
        std::size_t best = 0;
        for (std::size_t j = 7 * i; j < 7 * i + 7; ++j) {
          if (support.kept[j] != 0) {
            support.kept[j] = 0;
            const double error = undamped_error(problem, support);
            support.kept[j] = 1;
            best = error < least ? j : best;
            least = std::min(least, error);
          }
        }
        EXPECT_EQ(static_cast<std::size_t>(chosen), best - 7 * i) << seed;
        support.kept[best] = 0;
      }
    }
  }
}

TEST(PropertyExactObs, SumsOfLossesAreTheRiseOfTheRefittedError) {
  // Some panels of pivots long.
  constexpr int64_t columns = 150;
  const auto problem = noisy_problem(2, columns, 400, 5);
  const auto orders = removal_orders(problem, full_support(2, columns), undamped);
  const double dense = undamped_error(problem, full_support(2, columns));
  Support support = full_support(2, columns);
  double sum = 0;
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t i = 0; i < 2; ++i) {
      sum += orders[i].losses[k];
      support.kept[i * columns + static_cast<std::size_t>(orders[i].columns[k])] = 0;
    }
    if (k % 10 == 9) {
      EXPECT_NEAR(undamped_error(problem, support) - dense, sum, 1e-4 * sum) << k;
    }
  }
  EXPECT_EQ(count_kept(support), 0);
}

TEST(UnitExactObs, TheLayerTakesTheCheapestRemovalsOfAllRows) {
  // Independent inputs of equal power: losses are squares, and each row's order is that of its magnitudes.
  const auto problem =
      exact_problem(matrix_of(2, 3, {1, 2, 3, 10, 20, 0.5}), matrix_of(3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}));
  const auto chosen = [&](Scope scope) {
    return choose_support_by_exact_obs(problem, full_support(2, 3), 2, {0, scope, 1}).kept;
  };
  EXPECT_EQ(chosen(Scope::layer), (std::vector<uint8_t>{0, 0, 0, 1, 1, 0}));
  EXPECT_EQ(chosen(Scope::filter), (std::vector<uint8_t>{0, 0, 1, 0, 1, 0}));
}

TEST(UnitExactObs, InputsThatOthersDetermineGoFirst) {
  // Columns 6 to 11 repeat 0 to 5: half of them can go for nothing, but for the damping.
  const auto half = normal_matrix(40, 6, 1);
  Matrix inputs(40, 12);
  for (int64_t k = 0; k < 40; ++k) {
    for (int64_t j = 0; j < 12; ++j) {
      inputs.at(k, j) = half.at(k, j % 6);
    }
  }
  const auto problem = exact_problem(normal_matrix(1, 12, 2), inputs);
  const auto kept = choose_support_by_exact_obs(problem, full_support(1, 12), 6, {.threads = 1});
  for (std::size_t j = 0; j < 6; ++j) {
    EXPECT_EQ(kept.kept[j] + kept.kept[j + 6], 1) << j;
  }
}

TEST(UnitExactObs, FlopsAreThoseOfACholeskyFactorizationARow) {
  EXPECT_DOUBLE_EQ(exact_obs_flops(512, 4608), 512.0 * 4608 * 4608 * 4608 / 3);
}

}  // namespace
}  // namespace mj
