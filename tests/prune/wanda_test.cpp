#include "prune/wanda.h"

#include <gtest/gtest.h>

#include "synthetic_layer.h"

namespace mj {
namespace {

TEST(UnitWanda, WeightsAreComparedByWhatTheyContribute) {
  // Norms of the inputs 1, 2 and 3: contributions 4, 6, 3 and 1, 4, 1.5.
  const auto problem =
      exact_problem(matrix_of(2, 3, {4, -3, 1, 1, 2, 0.5}), matrix_of(3, 3, {1, 0, 0, 0, 2, 0, 0, 0, 3}));
  EXPECT_EQ(choose_support_by_wanda(problem, full_support(2, 3), 2, Scope::filter).kept,
            (std::vector<uint8_t>{0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(choose_support_by_wanda(problem, full_support(2, 3), 4, Scope::layer).kept,
            (std::vector<uint8_t>{1, 1, 1, 0, 1, 0}));
}

TEST(UnitWanda, WithABiasAnInputThatNeverChangesContributesNothing) {
  const auto weights = matrix_of(1, 2, {1, 100});
  const auto inputs = matrix_of(3, 2, {1, 5, 2, 5, 3, 5});
  const auto problem = make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer");
  EXPECT_EQ(choose_support_by_wanda(problem, full_support(1, 2), 1, Scope::filter).kept,
            (std::vector<uint8_t>{1, 0}));
}

}  // namespace
}  // namespace mj
