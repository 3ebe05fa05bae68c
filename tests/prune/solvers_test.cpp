#include "prune/solvers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

class EverySolver : public testing::TestWithParam<Solver> {
 protected:
  static Support choose(const LayerProblem& problem, const Support& candidates, int64_t keep,
                        const SecondOrderOptions& options = {.threads = 1}) {
    return choose_support_by(GetParam(), problem, candidates, keep, options).kept;
  }

  static void expect_count(const LayerProblem& problem, const Support& candidates, int64_t keep) {
    for (const auto scope : {Scope::layer, Scope::filter}) {
      const auto kept = choose(problem, candidates, keep, {.scope = scope, .threads = 1});
      EXPECT_EQ(count_kept(kept), std::min(keep, count_kept(candidates)));
      for (std::size_t i = 0; i < kept.kept.size(); ++i) {
        ASSERT_LE(kept.kept[i], candidates.kept[i]);
      }
    }
  }
};

TEST_P(EverySolver, KeepsAsManyCandidatesAsAskedForOrAll) {
  for (const int64_t columns : {1, 2, 13, 140}) {
    const auto problem = noisy_problem(5, columns, 200, 1);
    const int64_t weights = 5 * columns;
    for (const auto& candidates : {full_support(5, columns), random_support(5, columns, 0.6, 2)}) {
      for (const int64_t keep : {int64_t{0}, int64_t{1}, weights / 3, weights - 1, weights, weights + 7}) {
        expect_count(problem, candidates, keep);
      }
    }
  }
}

TEST_P(EverySolver, CopesWithFewerSamplesThanColumns) {
  const auto problem = noisy_problem(5, 30, 7, 3);
  expect_count(problem, full_support(5, 30), 60);
  EXPECT_EQ(count_kept(choose(problem, full_support(5, 30), 60, {.damping = 0, .threads = 1})), 60);
}

TEST_P(EverySolver, CopesWithInputsAndOutputsThatNeverChange) {
  const auto weights = normal_matrix(4, 6, 1);
  Matrix inputs(20, 6);
  std::fill(inputs.values.begin(), inputs.values.end(), 2.5F);
  for (const bool has_bias : {true, false}) {
    const auto problem =
        make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", has_bias, 1);
    expect_count(problem, full_support(4, 6), 10);
  }
}

TEST_P(EverySolver, GivesTheSameBytesOnAnyNumberOfThreads) {
  const auto problem = noisy_problem(70, 60, 200, 4);
  const auto candidates = random_support(70, 60, 0.8, 5);
  EXPECT_EQ(choose(problem, candidates, 1000, {.threads = 3}).kept,
            choose(problem, candidates, 1000, {.threads = 1}).kept);
}

TEST_P(EverySolver, FindsSeveralNumbersOfWeightsAsWellAsOneByOne) {
  const auto problem = noisy_problem(20, 60, 400, 7);
  const auto candidates = random_support(20, 60, 0.9, 8);
  const std::vector<int64_t> keeps{2000, 800, 500, 100, 300, 0};
  for (const auto scope : {Scope::layer, Scope::filter}) {
    const SecondOrderOptions options{.scope = scope, .threads = 1};
    const auto choices = choose_supports_by(GetParam(), problem, candidates, keeps, options);
    ASSERT_EQ(choices.size(), keeps.size());
    for (std::size_t i = 0; i < keeps.size(); ++i) {
      const Support& support = choices[i].kept;
      const auto alone = choose(problem, candidates, keeps[i], options);
      ASSERT_EQ(count_kept(support), std::min(keeps[i], count_kept(candidates)));
      if (GetParam() != Solver::admm) {
        EXPECT_EQ(support.kept, alone.kept) << keeps[i];
      }
      const auto error = [&](const Support& kept) {
        return output_error(problem, refit_kept(problem, kept, 1e-3, 1), 1);
      };
      EXPECT_LE(error(support), 1.01 * error(alone)) << keeps[i];
    }
  }
}

TEST_P(EverySolver, RejectsWhatIsNoChoice) {
  const auto problem = noisy_problem(2, 3, 20, 1);
  EXPECT_THROW(choose(problem, full_support(3, 2), 1), InternalError);
  EXPECT_THROW(choose(problem, full_support(2, 3), -1), InternalError);
  EXPECT_THROW(choose(problem, full_support(2, 3), 1, {.damping = -1}), InternalError);
}

TEST_P(EverySolver, FindsTheWeightsThatTheOutputsComeFrom) {
  // Of 12 weights 4 are 1 or more and the others 0.01: whatever judges, the large ones stay.
  Matrix weights(1, 12);
  for (int64_t j = 0; j < 12; ++j) {
    weights.at(0, j) = j % 3 == 0 ? 1 + 0.1F * static_cast<float>(j) : 0.01F;
  }
  const auto problem = exact_problem(weights, normal_matrix(300, 12, 6));
  const auto kept = choose(problem, full_support(1, 12), 4);
  for (int64_t j = 0; j < 12; ++j) {
    EXPECT_EQ(kept.is_kept(0, j), j % 3 == 0) << j;
  }
}

class SolverForPrices : public EverySolver {};

// With as many weights the same solver, told nothing of prices, pays more. What it leaves of the error for
// the same money is interpolated between numbers of weights.
TEST_P(SolverForPrices, LeavesLessErrorForTheSameMoney) {
  HeldOutLayer layer = held_out_layer();
  const Support candidates = support_of(layer.weights);
  std::vector<double> prices;
  Random random(9);
  for (int64_t j = 0; j < layer.weights.columns; ++j) {
    prices.push_back(std::exp(0.7 * random.normal()));
  }
  const auto money = [&](const Support& kept) {
    double sum = 0;
    for (std::size_t i = 0; i < kept.kept.size(); ++i) {
      sum += kept.kept[i] * prices[i % prices.size()];
    }
    return sum;
  };
  const auto outcome = [&](int64_t keep) {
    const Support kept = choose(layer.problem, candidates, keep);
    EXPECT_EQ(count_kept(kept), keep);
    return std::pair(money(kept), std::log(layer.error_of(kept)));
  };
  for (const int64_t keep : {2300, 1400, 700}) {
    layer.problem.prices = prices;
    const auto [paid, error] = outcome(keep);
    layer.problem.prices.clear();
    int64_t fewer = keep;
    while (outcome(fewer).first > paid) {
      fewer -= keep / 20;
    }
    const auto below = outcome(fewer);
    const auto above = outcome(fewer + keep / 20);
    const double part = (paid - below.first) / (above.first - below.first);
    EXPECT_LT(fewer, keep);
    EXPECT_LT(error, below.second + part * (above.second - below.second) - 0.1) << keep;
  }
}

TEST(UnitSolverFor, TakesExactObsWhereItNeedsFewerFlops) {
  EXPECT_EQ(solver_for(64, 27), Solver::exact_obs);
  // 64 x 576: 4.1e9 against 1.7e9 for the iterations and .85e9 for their factorizations.
  EXPECT_EQ(solver_for(64, 576), Solver::admm);
  // A few rows pay for no factorization of their own.
  EXPECT_EQ(solver_for(8, 4608), Solver::exact_obs);
  EXPECT_EQ(solver_for(512, 4608), Solver::admm);
  EXPECT_EQ(solver_for(1, 1), Solver::exact_obs);
  // AlexNet's first classifier: 2.8e13 flops by ADMM (2 x 40 x 4096 x 9216^2).
  EXPECT_EQ(solver_for(4096, 9216), Solver::wanda);
}

std::string test_name(const testing::TestParamInfo<Solver>& parameter) {
  std::string name(name_of(parameter.param));
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Property, EverySolver, testing::ValuesIn(all_solvers), test_name);
INSTANTIATE_TEST_SUITE_P(Property, SolverForPrices,
                         testing::Values(Solver::wanda, Solver::sparse_gpt, Solver::exact_obs, Solver::admm),
                         test_name);

}  // namespace
}  // namespace mj
