#include "prune/coupling.h"

#include <gtest/gtest.h>

#include <cmath>

#include "prune/admm.h"
#include "prune/single_threaded_blas.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

/// Positive definite, ones on its diagonal: correlations of `rows` mixtures of half as many causes and noise.
Matrix correlations(int64_t rows, uint64_t seed) {
  const Matrix mixing = normal_matrix(rows, (rows + 1) / 2, seed);
  Matrix products = times_transposed(mixing, mixing);
  Matrix result(rows, rows);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < rows; ++j) {
      result.at(i, j) =
          i == j ? 1 : 0.9F * products.at(i, j) / std::sqrt(products.at(i, i) * products.at(j, j));
    }
  }
  return result;
}

LayerProblem coupled_problem(int64_t rows, int64_t columns, int64_t samples, uint64_t seed) {
  const Matrix weights = normal_matrix(rows, columns, seed);
  const Matrix inputs = relu_mixture(samples, columns, seed + 1);
  LayerProblem problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  couple(problem, correlations(rows, seed + 2));
  return problem;
}

/// tr(F E^T E), summed over samples.
double coupled_error(const LayerProblem& problem, const Matrix& weights) {
  const auto residual = residual_of(problem, weights);
  const int64_t m = weights.rows;
  double error = 0;
  for (int64_t k = 0; k < problem.inputs.rows; ++k) {
    const double* e = residual.data() + k * m;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < m; ++j) {
        error += static_cast<double>(problem.coupling.at(i, j)) * e[i] * e[j];
      }
    }
  }
  return error;
}

TEST(UnitCoupling, ErrorsCountTogether) {
  const LayerProblem problem = coupled_problem(6, 10, 80, 1);
  const Matrix nothing(6, 10);
  const Matrix some = masked(problem.weights, random_support(6, 10, 0.5, 9));
  EXPECT_NEAR(problem.output_power, coupled_error(problem, nothing), 1e-4 * problem.output_power);
  EXPECT_NEAR(output_error(problem, nothing, 1), 1, 1e-5);
  EXPECT_NEAR(output_error(problem, some, 1), coupled_error(problem, some) / problem.output_power, 1e-5);
  LayerProblem single = problem;
  single.coupling = Matrix();
  EXPECT_GT(std::abs(output_error(single, some, 1) - output_error(problem, some, 1)), 1e-3);
}

// F B H + r B put together again.
TEST(UnitCoupling, SystemsAreSolved) {
  const Matrix coupling = correlations(70, 1);
  const Matrix gram = correlations(150, 2);
  const Matrix sides = normal_matrix(70, 150, 3);
  for (const double r : {0.03, 2.0}) {
    Matrix solution = sides;
    CoupledSystem(coupling, gram, 2).solve(solution, r);
    const Matrix product = times_coupling(coupling, times_transposed(solution, gram), 1);
    for (std::size_t i = 0; i < sides.values.size(); ++i) {
      const double given =
          static_cast<double>(product.values[i]) + r * static_cast<double>(solution.values[i]);
      ASSERT_NEAR(given, sides.values[i], 2e-3) << i << " of r " << r;
    }
  }
}

// The workspace that LAPACK answers to be asked for is rounded to single precision, too small for 2,900.
TEST(UnitCoupling, SystemsOfManyInputsAreSolved) {
  constexpr int64_t inputs = 2900;
  Matrix coupling(1, 1);
  coupling.values = {2};
  Matrix gram(inputs, inputs);
  for (int64_t j = 0; j < inputs; ++j) {
    gram.at(j, j) = static_cast<float>(j % 7);
  }
  Matrix solution(1, inputs);
  std::fill(solution.values.begin(), solution.values.end(), 3.0F);
  const SingleThreadedBlas guard;
  CoupledSystem(coupling, gram, 2).solve(solution, 0.5);
  for (int64_t j = 0; j < inputs; ++j) {
    ASSERT_NEAR(solution.at(0, j), 3 / (2.0 * static_cast<double>(j % 7) + 0.5), 1e-3) << j;
  }
}

TEST(UnitCoupling, LayersWhoseEigenvectorsTakeLongAreNotCoupled) {
  EXPECT_TRUE(may_couple(10, 4608));
  EXPECT_FALSE(may_couple(10, 9216));
  EXPECT_FALSE(may_couple(512, 4608));
}

/// No weight of the support can be moved to a smaller error.
void expect_least(const LayerProblem& problem, const Support& support, const Matrix& found) {
  const double least = coupled_error(problem, found);
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    if (support.kept[i] == 0) {
      EXPECT_EQ(found.values[i], 0);
      continue;
    }
    for (const float step : {-0.02F, 0.02F}) {
      Matrix moved = found;
      moved.values[i] += step;
      EXPECT_GT(coupled_error(problem, moved), least) << i;
    }
  }
}

TEST(UnitCoupling, RefitIsTheLeastErrorOfAllRowsTogether) {
  const LayerProblem problem = coupled_problem(6, 10, 200, 4);
  const Support support = random_support(6, 10, 0.5, 5);
  LayerProblem single = problem;
  single.coupling = Matrix();
  const double by_row = coupled_error(problem, refit_kept(single, support, 1e-6, 1));
  const Matrix found = refit_kept(problem, support, 1e-6, 1);
  EXPECT_LT(coupled_error(problem, found), 0.99 * by_row);
  expect_least(problem, support, found);
}

// As when channels of the inputs are gone. That rows by themselves find it follows from F (Y^T X - A H) = 0.
TEST(UnitCoupling, RefitIsTheLeastErrorWhereAllRowsKeepTheSame) {
  const LayerProblem problem = coupled_problem(6, 10, 200, 4);
  Support support = full_support(6, 10);
  for (int64_t i = 0; i < support.rows; ++i) {
    for (const int64_t j : {1, 4, 8}) {
      support.kept[static_cast<std::size_t>(i * support.columns + j)] = 0;
    }
  }
  expect_least(problem, support, refit_kept(problem, support, 1e-6, 1));
}

// With no damping either.
TEST(UnitCoupling, RefitIsTheLeastErrorBesideAnInputThatNeverChanges) {
  Matrix inputs = relu_mixture(200, 10, 5);
  for (int64_t k = 0; k < inputs.rows; ++k) {
    inputs.at(k, 3) = 1;
  }
  const Matrix weights = normal_matrix(6, 10, 4);
  LayerProblem problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  couple(problem, correlations(6, 6));
  Support support = random_support(6, 10, 0.5, 5);
  for (int64_t i = 0; i < support.rows; ++i) {
    support.kept[static_cast<std::size_t>(i * support.columns + 3)] = 0;
  }
  Matrix found = masked(problem.weights, support);
  refit_together(problem, support, 0, 1, found);
  expect_least(problem, support, found);
}

// The rows' own least squares are not needed then.
TEST(UnitCoupling, RefitFromWeightsNearItIsTheSameLeastError) {
  const LayerProblem problem = coupled_problem(20, 60, 400, 4);
  const Choice near = choose_support_by_admm(problem, full_support(20, 60), 300, {.threads = 1});
  const double least = coupled_error(problem, refit_kept(problem, near.kept, 1e-3, 1));
  const Matrix found = refit_kept(problem, near.kept, 1e-3, 1, near.weights);
  EXPECT_EQ(masked(found, near.kept).values, found.values);
  EXPECT_NEAR(coupled_error(problem, found), least, 1e-3 * least);
  EXPECT_LT(coupled_error(problem, found), coupled_error(problem, near.weights));
}

TEST(UnitCoupling, ThreadsDoNotChangeTheRefit) {
  const LayerProblem problem = coupled_problem(70, 150, 400, 4);
  const Support support = random_support(70, 150, 0.3, 5);
  EXPECT_EQ(refit_kept(problem, support, 1e-3, 1).values, refit_kept(problem, support, 1e-3, 3).values);
}

// On samples that it was not fitted to as well.
TEST(PropertyCoupling, AdmmFindsABetterSupportThanRowsByThemselves) {
  const Matrix weights = normal_matrix(32, 96, 1);
  const Matrix inputs = relu_mixture(2000, 96, 2);
  LayerProblem single =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  LayerProblem coupled = single;
  couple(coupled, correlations(32, 3));
  const Matrix others = relu_mixture(500, 96, 7);
  LayerProblem unseen =
      make_layer_problem(weights, others, times_transposed(others, weights), "layer", true, 1);
  couple(unseen, coupled.coupling);
  const Support all = full_support(32, 96);
  for (const int64_t keep : {300, 1000}) {
    const AdmmOptions options{.threads = 2};
    const Support by_row = choose_support_by_admm(single, all, keep, options).kept;
    const Support together = choose_support_by_admm(coupled, all, keep, options).kept;
    EXPECT_EQ(count_kept(together), keep);
    EXPECT_LT(output_error(unseen, refit_kept(coupled, together, 1e-3, 1), 1),
              0.95 * output_error(unseen, refit_kept(coupled, by_row, 1e-3, 1), 1))
        << keep;
  }
}

TEST(UnitCoupling, OfNothingChangesNothing) {
  LayerProblem single = coupled_problem(16, 40, 300, 1);
  Matrix identity(16, 16);
  for (int64_t i = 0; i < 16; ++i) {
    identity.at(i, i) = 1;
  }
  couple(single, identity);
  LayerProblem plain = single;
  plain.coupling = Matrix();
  const Support all = full_support(16, 40);
  const Support of_plain = choose_support_by_admm(plain, all, 200, {.threads = 1}).kept;
  const Support of_single = choose_support_by_admm(single, all, 200, {.threads = 1}).kept;
  const double error = output_error(plain, refit_kept(plain, of_plain, 1e-3, 1), 1);
  EXPECT_NEAR(output_error(plain, refit_kept(single, of_single, 1e-3, 1), 1), error, 0.01 * error);
}

}  // namespace
}  // namespace mj
