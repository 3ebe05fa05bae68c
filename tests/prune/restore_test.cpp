#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

double norm_of(const LayerProblem& problem, const Support& support, int64_t row, ErrorNorm norm) {
  const auto residual = residual_of(problem, masked(problem.weights, support));
  double sum = 0;
  for (auto i = static_cast<std::size_t>(row); i < residual.size();
       i += static_cast<std::size_t>(support.rows)) {
    sum += norm == ErrorNorm::l1 ? std::fabs(residual[i]) : residual[i] * residual[i];
  }
  return sum;
}

// Tries every removed candidate of rows first_row to last_row, and restores the one after which the norm of
// the output's error has fallen most.
void restore_best_by_trial(const LayerProblem& problem, Support& kept, const Support& candidates,
                           std::pair<int64_t, int64_t> rows, ErrorNorm norm) {
  double best_gain = -std::numeric_limits<double>::infinity();
  std::size_t best = 0;
  for (int64_t i = rows.first; i <= rows.second; ++i) {
    const double before = norm_of(problem, kept, i, norm);
    for (int64_t j = 0; j < kept.columns; ++j) {
      if (!candidates.is_kept(i, j) || kept.is_kept(i, j)) {
        continue;
      }
      const auto index = static_cast<std::size_t>(i * kept.columns + j);
      kept.kept[index] = 1;
      const double gain = before - norm_of(problem, kept, i, norm);
      kept.kept[index] = 0;
      if (gain > best_gain) {
        best_gain = gain;
        best = index;
      }
    }
  }
  kept.kept[best] = 1;
}

class Restore : public testing::TestWithParam<ErrorNorm> {};

TEST_P(Restore, OverTheLayerFollowsTheSearchThatTriesEveryWeight) {
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const auto problem = noisy_problem(4, 7, 60, 10 * seed);
    const auto candidates = random_support(4, 7, 0.8, seed);
    const auto start = keep_largest(problem.weights, candidates, 5, Scope::layer);
    auto expected = start;
    for (int64_t count = 1; count <= 12; ++count) {
      restore_best_by_trial(problem, expected, candidates, {0, 3}, GetParam());
      const auto restored =
          restore_by_output_effect(problem, start, candidates, count, {GetParam(), Scope::layer, 1, 1});
      ASSERT_EQ(restored.kept, expected.kept) << "seed " << seed << ", weight " << count;
    }
  }
}

TEST_P(Restore, InEachFilterFollowsTheSearchThatTriesEveryWeight) {
  const auto problem = noisy_problem(5, 7, 60, 3);
  const auto candidates = full_support(5, 7);
  const auto start = keep_largest(problem.weights, candidates, 10, Scope::filter);
  auto expected = start;
  for (int64_t count = 1; count <= 15; ++count) {
    const int64_t row = (count - 1) % 5;
    restore_best_by_trial(problem, expected, candidates, {row, row}, GetParam());
    const auto restored =
        restore_by_output_effect(problem, start, candidates, count, {GetParam(), Scope::filter, 1, 1});
    ASSERT_EQ(restored.kept, expected.kept) << "weight " << count;
  }
}

TEST_P(Restore, OneGroupRestoresTheBestByTheGainsAtTheStart) {
  const auto problem = noisy_problem(3, 8, 60, 4);
  const auto start = keep_largest(problem.weights, full_support(3, 8), 6, Scope::layer);
  std::vector<std::pair<double, std::size_t>> gains;
  for (std::size_t index = 0; index < start.kept.size(); ++index) {
    if (start.kept[index] == 0) {
      const auto row = static_cast<int64_t>(index) / 8;
      auto with = start;
      with.kept[index] = 1;
      gains.emplace_back(norm_of(problem, start, row, GetParam()) - norm_of(problem, with, row, GetParam()),
                         index);
    }
  }
  std::sort(gains.rbegin(), gains.rend());
  auto expected = start;
  for (std::size_t i = 0; i < 9; ++i) {
    expected.kept[gains[i].second] = 1;
  }
  EXPECT_EQ(
      restore_by_output_effect(problem, start, full_support(3, 8), 9, {GetParam(), Scope::layer, 9, 1}).kept,
      expected.kept);
}

TEST_P(Restore, IsTheSameForAnyNumberOfThreads) {
  // More rows than a block and more samples than a tile, neither a multiple.
  const auto problem = noisy_problem(37, 45, 300, 5);
  const auto candidates = full_support(37, 45);
  for (const auto scope : {Scope::filter, Scope::layer}) {
    const auto start = keep_largest(problem.weights, candidates, 400, scope);
    const auto one = restore_by_output_effect(problem, start, candidates, 300, {GetParam(), scope, 0, 1});
    const auto three = restore_by_output_effect(problem, start, candidates, 300, {GetParam(), scope, 0, 3});
    EXPECT_EQ(one.kept, three.kept);
    EXPECT_EQ(count_kept(one), 700);
  }
}

TEST_P(Restore, AddsCandidatesOnlyAndStopsWhenThereAreNoMore) {
  const auto problem = noisy_problem(6, 10, 50, 6);
  const auto candidates = random_support(6, 10, 0.5, 6);
  const auto start = random_support(6, 10, 0.2, 7);
  auto both = start;
  for (std::size_t i = 0; i < both.kept.size(); ++i) {
    both.kept[i] |= candidates.kept[i];
  }
  for (const auto scope : {Scope::filter, Scope::layer}) {
    EXPECT_EQ(restore_by_output_effect(problem, start, candidates, 1000, {GetParam(), scope, 0, 1}).kept,
              both.kept);
    EXPECT_EQ(restore_by_output_effect(problem, start, candidates, 0, {GetParam(), scope, 0, 1}).kept,
              start.kept);
  }
}

TEST_P(Restore, OfEqualGainsTakesThoseThatStandFirst) {
  // All inputs are the same column and all weights 1: every gain in every row is equal.
  Matrix inputs(4, 3);
  Matrix outputs(4, 2);
  for (int64_t k = 0; k < 4; ++k) {
    for (int64_t j = 0; j < 3; ++j) {
      inputs.at(k, j) = static_cast<float>(k);
    }
    outputs.at(k, 0) = outputs.at(k, 1) = 3 * static_cast<float>(k);
  }
  Matrix weights(2, 3);
  weights.values.assign(6, 1);
  const auto problem = make_layer_problem(weights, inputs, outputs, "layer", true, 1);
  EXPECT_EQ(restore_by_output_effect(problem, empty_support(2, 3), full_support(2, 3), 2,
                                     {GetParam(), Scope::layer, 2, 1})
                .kept,
            (std::vector<uint8_t>{1, 1, 0, 0, 0, 0}));
}

TEST_P(Restore, SurvivesValuesThatOverflow) {
  Matrix inputs = normal_matrix(20, 5, 8);
  inputs.at(0, 0) = 1e18F;
  Matrix weights = normal_matrix(2, 5, 9);
  weights.at(0, 0) = 1e30F;
  const auto problem = make_layer_problem(weights, inputs, normal_matrix(20, 2, 10), "layer", true, 1);
  const auto restored = restore_by_output_effect(problem, empty_support(2, 5), full_support(2, 5), 6,
                                                 {GetParam(), Scope::layer, 1, 1});
  EXPECT_EQ(count_kept(restored), 6);
}

INSTANTIATE_TEST_SUITE_P(Property, Restore, testing::Values(ErrorNorm::l1, ErrorNorm::l2),
                         [](const auto& norm) { return norm.param == ErrorNorm::l1 ? "l1" : "l2"; });

TEST(UnitRestore, L1MendsManySmallErrorsAndL2FewLargeOnes) {
  // y = (6 -6 and 1 -1 five times), without weights. The first input, (1 -1 0 ...) with weight 4, takes 8 of
  // the l1 norm 22 and 2 (36 - 4) = 64 of the squares; the second, (0 0 1 -1 ...) with weight 1, takes 10
  // and 10.
  Matrix inputs(12, 2);
  Matrix outputs(12, 1);
  for (int64_t k = 0; k < 12; ++k) {
    const float sign = k % 2 == 0 ? 1.0F : -1.0F;
    inputs.at(k, k < 2 ? 0 : 1) = sign;
    outputs.at(k, 0) = sign * (k < 2 ? 6.0F : 1.0F);
  }
  Matrix weights(1, 2);
  weights.values = {4, 1};
  const auto problem = make_layer_problem(weights, inputs, outputs, "layer", true, 1);
  const auto first_restored = [&](ErrorNorm norm) {
    return restore_by_output_effect(problem, empty_support(1, 2), full_support(1, 2), 1, {norm}).kept;
  };
  EXPECT_EQ(first_restored(ErrorNorm::l1), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(first_restored(ErrorNorm::l2), (std::vector<uint8_t>{1, 0}));
}

TEST(ErrorsRestore, ASupportOfAnotherShapeIsAFaultOfTheProgram) {
  const auto problem = noisy_problem(2, 3, 20, 1);
  EXPECT_THROW(restore_by_output_effect(problem, empty_support(3, 2), full_support(2, 3), 1, {}),
               InternalError);
  EXPECT_THROW(restore_by_output_effect(problem, empty_support(2, 3), full_support(2, 3), -1, {}),
               InternalError);
}

}  // namespace
}  // namespace mj
