#include "prune/conjugate_gradients.h"

#include <gtest/gtest.h>

#include <numeric>

#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

/// ||Y - X A^T||^2 + damping ||A - W||^2, what refit_kept minimises.
double objective(const LayerProblem& problem, const Matrix& weights, double damping) {
  double change = 0;
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    const double each =
        static_cast<double>(weights.values[i]) - static_cast<double>(problem.weights.values[i]);
    change += each * each;
  }
  return problem.output_power * output_error(problem, weights, 1) + damping * change;
}

constexpr int64_t rows = 130;  ///< two strips
constexpr int64_t columns = 96;

/// Against the factorization of each row: 40 samples are fewer than half of the inputs.
void expect_least_squares(int64_t samples, double density) {
  const auto weights = normal_matrix(rows, columns, 1);
  const auto inputs = relu_mixture(samples, columns, 2);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  const Support support = random_support(rows, columns, density, 3);
  const double damping = 0.01 * mean_diagonal(problem);
  std::vector<int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  const double least = objective(problem, refit_kept(problem, support, 0.01, 1), damping);
  const auto start = masked(weights, support);
  const double first = objective(problem, start, damping);
  for (Matrix found : {start, Matrix(rows, columns)}) {
    refit_iteratively(problem, support, damping, all, 2, found);
    EXPECT_LT(objective(problem, found, damping) - least, 1e-3 * least) << samples << ' ' << density;
    EXPECT_LT(objective(problem, found, damping) - least, 1e-4 * (first - least))
        << samples << ' ' << density;
    EXPECT_EQ(masked(found, support).values, found.values);
  }
}

TEST(UnitConjugateGradients, ComeToTheLeastSquaresOfAFactorization) {
  expect_least_squares(600, 0.4);
  expect_least_squares(40, 0.4);
}

TEST(UnitConjugateGradients, ComeToTheLeastSquaresOfRowsThatKeepMoreWeightsThanThereAreSamples) {
  expect_least_squares(40, 0.5);
  expect_least_squares(40, 0.9);
}

TEST(UnitConjugateGradients, FitFewSamplesWithHardlyAnyDamping) {
  const auto inputs = relu_mixture(40, columns, 2);
  const auto problem = make_layer_problem(normal_matrix(rows, columns, 1), inputs, normal_matrix(40, rows, 4),
                                          "layer", true, 1);
  const Support support = random_support(rows, columns, 0.9, 3);
  std::vector<int64_t> all(rows);
  std::iota(all.begin(), all.end(), 0);
  Matrix found(rows, columns);
  refit_iteratively(problem, support, 1e-9 * mean_diagonal(problem), all, 2, found);
  // 86 weights of a row on the average give 40 outputs exactly.
  EXPECT_LT(output_error(problem, found, 1), 1e-5);
}

TEST(UnitConjugateGradients, WriteNoOtherRows) {
  const auto weights = normal_matrix(3, 8, 1);
  const auto inputs = relu_mixture(50, 8, 2);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  Matrix result(3, 8);
  const std::vector<int64_t> second{1};
  refit_iteratively(problem, random_support(3, 8, 0.4, 3), 1, second, 1, result);
  for (int64_t j = 0; j < 8; ++j) {
    EXPECT_EQ(result.at(0, j), 0);
    EXPECT_EQ(result.at(2, j), 0);
  }
}

}  // namespace
}  // namespace mj
