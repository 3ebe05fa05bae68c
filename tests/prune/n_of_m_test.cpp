#include "prune/n_of_m.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.h"
#include "network/weights.h"
#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

TEST(UnitNOfM, GroupsAreNeighboursInAClassifier) {
  const auto values = matrix_of(1, 8, {1, -4, 3, 2, 5, 5, 5, 5});
  EXPECT_EQ(keep_n_of_m(values, full_support(1, 8), {}).kept, (std::vector<uint8_t>{0, 1, 1, 0, 1, 1, 0, 0}));
  EXPECT_EQ(keep_n_of_m(values, {1, 8, {1, 0, 1, 1, 0, 0, 0, 1}}, {.kept = 1, .group = 4}).kept,
            (std::vector<uint8_t>{0, 0, 1, 0, 0, 0, 0, 1}));
}

TEST(UnitNOfM, GroupsAreChannelsAtOnePlaceInAConvolution) {
  // Four channels of two places: 1 2 3 4 at the first, 8 7 6 5 at the second.
  const auto values = matrix_of(1, 8, {1, 8, 2, 7, 3, 6, 4, 5});
  EXPECT_EQ(keep_n_of_m(values, full_support(1, 8), {.places = 2}).kept,
            (std::vector<uint8_t>{0, 1, 0, 1, 1, 0, 1, 0}));
}

TEST(UnitNOfM, ASmallerLastGroupHasTheSameLimit) {
  const auto values = matrix_of(1, 7, {1, 1, 1, 1, 1, 2, 3});
  EXPECT_EQ(keep_n_of_m(values, full_support(1, 7), {}).kept, (std::vector<uint8_t>{1, 1, 0, 0, 0, 1, 1}));
}

TEST(UnitNOfM, APatternThatDoesNotFitIsABrokenPromise) {
  EXPECT_THROW(keep_n_of_m(Matrix(1, 8), full_support(1, 8), {.kept = 5, .group = 4}), InternalError);
  EXPECT_THROW(keep_n_of_m(Matrix(1, 8), full_support(1, 8), {.places = 3}), InternalError);
}

TEST(PropertyNOfM, ThePatternHoldsAndIsFilledForEveryShape) {
  for (const int64_t places : {1, 9}) {
    for (const int64_t channels : {1, 2, 3, 4, 5, 8, 13}) {
      for (const NOfM& pattern : {NOfM{2, 4, places}, NOfM{1, 4, places}, NOfM{4, 4, places}}) {
        const int64_t columns = channels * places;
        const auto problem = noisy_problem(5, columns, 20, 3);  // often fewer samples than columns
        const auto kept = choose_n_of_m(problem, full_support(5, columns), pattern, {.threads = 1}).kept;
        Matrix ones(5, columns);
        std::fill(ones.values.begin(), ones.values.end(), 1.0F);
        EXPECT_LE(densest_group(masked(ones, kept), pattern.group, places), pattern.kept);
        const int64_t last = std::min<int64_t>(channels % pattern.group, pattern.kept);
        EXPECT_EQ(count_kept(kept), 5 * places * (channels / pattern.group * pattern.kept + last));
        EXPECT_EQ(choose_n_of_m(problem, full_support(5, columns), pattern, {.threads = 3}).kept.kept,
                  kept.kept);
      }
    }
  }
}

TEST(PropertyNOfM, LeavesLessHeldOutErrorThanMagnitudeOrContributionsInThePattern) {
  const HeldOutLayer layer = held_out_layer();
  Matrix contributions = layer.weights;
  for (int64_t i = 0; i < 32; ++i) {
    for (int64_t j = 0; j < 144; ++j) {
      contributions.at(i, j) *=
          static_cast<float>(std::sqrt(layer.problem.gram[static_cast<std::size_t>(145 * j)]));
    }
  }
  const NOfM pattern{.places = 9};
  const auto all = full_support(32, 144);
  const double ours =
      layer.error_of(choose_n_of_m(layer.problem, all, pattern, {.damping = 1e-4, .threads = 1}).kept);
  EXPECT_LT(ours, 0.9 * layer.error_of(keep_n_of_m(layer.weights, all, pattern)));
  EXPECT_LT(ours, 0.9 * layer.error_of(keep_n_of_m(contributions, all, pattern)));
}

}  // namespace
}  // namespace mj
