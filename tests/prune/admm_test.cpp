#include "prune/admm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

constexpr double no_damping = 1e-9;

double refitted_error(const LayerProblem& problem, const Support& support) {
  return output_error(problem, refit_kept(problem, support, no_damping, 1), 1);
}

/// Of all supports of `keep` weights.
double least_error(const LayerProblem& problem, int64_t keep) {
  const auto weights = problem.weights.values.size();
  double least = std::numeric_limits<double>::infinity();
  for (uint32_t bits = 0; bits < (1U << weights); ++bits) {
    if (std::popcount(bits) == static_cast<int>(keep)) {
      Support support = empty_support(problem.weights.rows, problem.weights.columns);
      for (std::size_t i = 0; i < weights; ++i) {
        support.kept[i] = static_cast<uint8_t>(bits >> i & 1U);
      }
      least = std::min(least, refitted_error(problem, support));
    }
  }
  return least;
}

/// Two filters of six correlated inputs.
LayerProblem correlated_problem(uint64_t seed) {
  const Matrix weights = normal_matrix(2, 6, seed);
  const Matrix inputs = relu_mixture(200, 6, seed + 100);
  return make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
}

TEST(PropertyAdmm, ComesNearTheBestOfAllSupports) {
  double ours = 0;
  double best = 0;
  double magnitude = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto problem = correlated_problem(seed);
    const auto candidates = support_of(problem.weights);
    ours += refitted_error(
        problem, choose_support_by_admm(problem, candidates, 6, {.damping = no_damping, .threads = 1}).kept);
    magnitude += refitted_error(problem, keep_largest(problem.weights, candidates, 6, Scope::layer));
    best += least_error(problem, 6);
  }
  EXPECT_LE(ours, 1.2 * best);
  EXPECT_GE(magnitude, 1.2 * best);
}

TEST(PropertyAdmm, LeavesLessHeldOutErrorThanTheRecipe) {
  const HeldOutLayer layer = held_out_layer();
  const auto candidates = support_of(layer.weights);
  for (const double density : {0.5, 0.3, 0.1}) {
    const auto keep = count_at_density(density, std::ssize(layer.weights.values));
    const auto error_of = [&](const Support& support) {
      EXPECT_EQ(count_kept(support), keep);
      return layer.error_of(support);
    };
    EXPECT_LT(error_of(choose_support_by_admm(layer.problem, candidates, keep, {.threads = 1}).kept),
              error_of(choose_support(layer.problem, candidates, keep, {.threads = 1})))
        << density;
  }
}

// So that refit_kept has little left to do.
TEST(PropertyAdmm, ItsWeightsAreNearTheLeastSquaresOnTheSupport) {
  const HeldOutLayer layer = held_out_layer();
  const auto candidates = support_of(layer.weights);
  for (const double density : {0.5, 0.1}) {
    const auto keep = count_at_density(density, std::ssize(layer.weights.values));
    const Choice found = choose_support_by_admm(layer.problem, candidates, keep, {.threads = 1});
    EXPECT_EQ(masked(found.weights, found.kept).values, found.weights.values);
    const double least = output_error(layer.problem, refit_kept(layer.problem, found.kept, 1e-3, 1), 1);
    EXPECT_LT(output_error(layer.problem, found.weights, 1), 1.02 * least) << density;
  }
}

TEST(UnitAdmm, KeepsCandidatesAloneWithTheSameBytesOnAnyNumberOfThreads) {
  const auto problem = noisy_problem(70, 12, 200, 1);
  const auto candidates = random_support(70, 12, 0.6, 2);
  const auto one = choose_support_by_admm(problem, candidates, 300, {.threads = 1});
  EXPECT_EQ(count_kept(one.kept), 300);
  for (std::size_t i = 0; i < one.kept.kept.size(); ++i) {
    EXPECT_LE(one.kept.kept[i], candidates.kept[i]);
  }
  const auto three = choose_support_by_admm(problem, candidates, 300, {.threads = 3});
  EXPECT_EQ(three.kept.kept, one.kept.kept);
  EXPECT_EQ(three.weights.values, one.weights.values);
  EXPECT_EQ(choose_support_by_admm(problem, candidates, 70 * 12, {.threads = 1}).kept.kept, candidates.kept);
  EXPECT_EQ(count_kept(choose_support_by_admm(problem, candidates, 0, {.threads = 1}).kept), 0);
}

TEST(UnitAdmm, InputsThatAreAlwaysZeroAreNoObstacle) {
  Matrix inputs = normal_matrix(50, 8, 1);
  for (int64_t i = 0; i < 50; ++i) {
    inputs.at(i, 3) = 0;
  }
  const auto weights = normal_matrix(4, 8, 2);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  const auto kept =
      choose_support_by_admm(problem, full_support(4, 8), 28, {.damping = no_damping, .threads = 1}).kept;
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_FALSE(kept.is_kept(i, 3));
  }
}

}  // namespace
}  // namespace mj
