#include "workflow/loss_curve.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mj {
namespace {

// Losses that are a power of the error come out exactly, between measurements and beyond them.
TEST(UnitLossCurve, FollowsAPowerOfTheError) {
  const std::vector<double> errors{1, 4, 9, 25, 100};
  const std::vector<MeasuredLoss> measured{{1, 3 * std::pow(4, .8)}, {3, 3 * std::pow(25, .8)}};
  const std::vector<double> losses = losses_by_error(errors, measured);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    EXPECT_NEAR(losses.at(i), 3 * std::pow(errors[i], .8), 1e-9) << i;
  }
}

TEST(UnitLossCurve, PassesThroughEachMeasurement) {
  const std::vector<MeasuredLoss> measured{{0, .01}, {2, .05}, {4, .06}};
  const std::vector<double> losses = losses_by_error(std::vector<double>{1, 2, 3, 4, 5}, measured);
  for (const auto& [level, loss] : measured) {
    EXPECT_NEAR(losses.at(level), loss, 1e-12);
  }
}

// Noise in the measurements, and layers that nothing changes.
TEST(UnitLossCurve, NeverFallsAndStaysFinite) {
  const auto expect_rising = [](const std::vector<double>& errors,
                                const std::vector<MeasuredLoss>& measured) {
    double before = 0;
    for (const double loss : losses_by_error(errors, measured)) {
      EXPECT_TRUE(std::isfinite(loss));
      EXPECT_GE(loss, before);
      before = loss;
    }
  };
  expect_rising({1, 2, 3, 4}, {{0, .02}, {2, .01}});
  expect_rising({0, 0, 0, 0}, {{1, 1e-9}, {3, 1e-9}});
  expect_rising({0, 0, 1, 2}, {{0, 1e-9}, {2, .5}});
  expect_rising({3, 2, 1, 2}, {{1, .1}, {3, .2}});
}

}  // namespace
}  // namespace mj
