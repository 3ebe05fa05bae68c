#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

// Least squares of y to the columns of x by Householder reflections in double, which never form X^T X: the
// reference that the normal equations are held against (Golub and Van Loan, algorithm 5.3.2).
// @param x column-major, `columns` columns of `samples`
std::vector<double> solve_by_qr(std::vector<double> x, std::vector<double> y, std::size_t samples,
                                std::size_t columns) {
  const auto reflect = [samples](const std::vector<double>& v, double* vector, std::size_t from) {
    double product = 0;
    double norm = 0;
    for (std::size_t k = from; k < samples; ++k) {
      product += v[k] * vector[k];
      norm += v[k] * v[k];
    }
    for (std::size_t k = from; k < samples; ++k) {
      vector[k] -= 2 * product / norm * v[k];
    }
  };
  for (std::size_t j = 0; j < columns; ++j) {
    std::vector<double> v(x.begin() + static_cast<std::ptrdiff_t>(j * samples),
                          x.begin() + static_cast<std::ptrdiff_t>((j + 1) * samples));
    double norm = 0;
    for (std::size_t k = j; k < samples; ++k) {
      norm += v[k] * v[k];
    }
    v[j] += std::copysign(std::sqrt(norm), v[j]);
    for (std::size_t column = j; column < columns; ++column) {
      reflect(v, x.data() + column * samples, j);
    }
    reflect(v, y.data(), j);
  }
  std::vector<double> solution(columns);
  for (std::size_t j = columns; j-- > 0;) {
    double rest = y[j];
    for (std::size_t column = j + 1; column < columns; ++column) {
      rest -= x[column * samples + j] * solution[column];
    }
    solution[j] = rest / x[j * samples + j];
  }
  return solution;
}

std::vector<double> column_of(const Matrix& matrix, int64_t j) {
  std::vector<double> column;
  for (int64_t k = 0; k < matrix.rows; ++k) {
    column.push_back(matrix.at(k, j));
  }
  return column;
}

// Row i over its kept columns, with `ridge` more samples that ask for the present values.
std::vector<double> row_by_qr(const LayerProblem& problem, const Support& support, int64_t i, double ridge) {
  std::vector<int64_t> kept;
  for (int64_t j = 0; j < support.columns; ++j) {
    if (support.is_kept(i, j)) {
      kept.push_back(j);
    }
  }
  std::vector<double> x;
  auto y = column_of(problem.outputs, i);
  for (std::size_t s = 0; s < kept.size(); ++s) {
    const auto column = column_of(problem.inputs, kept[s]);
    x.insert(x.end(), column.begin(), column.end());
    for (std::size_t t = 0; t < kept.size(); ++t) {
      x.push_back(s == t ? std::sqrt(ridge) : 0.0);
    }
    y.push_back(std::sqrt(ridge) * problem.weights.at(i, kept[s]));
  }
  return solve_by_qr(x, y, y.size(), kept.size());
}

void expect_equal_to_qr(const LayerProblem& problem, const Support& support, double damping, double ridge,
                        double tolerance) {
  const auto refitted = refit_kept(problem, support, damping, 2);
  for (int64_t i = 0; i < support.rows; ++i) {
    const auto expected = row_by_qr(problem, support, i, ridge);
    double scale = 0;
    for (const double value : expected) {
      scale = std::max(scale, std::fabs(value));
    }
    std::size_t next = 0;
    for (int64_t j = 0; j < support.columns; ++j) {
      if (support.is_kept(i, j)) {
        ASSERT_NEAR(refitted.at(i, j), expected[next++], tolerance * scale) << i << " " << j;
      } else {
        ASSERT_EQ(refitted.at(i, j), 0);
      }
    }
  }
}

double mean_of_diagonal(const LayerProblem& problem) {
  double sum = 0;
  for (int64_t j = 0; j < problem.weights.columns; ++j) {
    sum += problem.gram[static_cast<std::size_t>(j * problem.weights.columns + j)];
  }
  return sum / static_cast<double>(problem.weights.columns);
}

TEST(PropertyRefit, EqualsLeastSquaresByQr) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto problem = noisy_problem(6, 24, 200, 10 * seed);
    expect_equal_to_qr(problem, random_support(6, 24, 0.5, seed), 0, 0, 1e-6);
  }
}

TEST(PropertyRefit, EqualsLeastSquaresByQrOnCorrelatedInputs) {
  const auto weights = normal_matrix(4, 40, 1);
  const auto inputs = relu_mixture(400, 40, 2);
  const auto problem = make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer");
  // The Gram matrix has the rounding of single precision.
  expect_equal_to_qr(problem, random_support(4, 40, 0.4, 3), 0, 0, 1e-5);
}

TEST(PropertyRefit, DampingDrawsTowardsThePresentValues) {
  const auto problem = noisy_problem(3, 12, 100, 6);
  for (const double damping : {1e-3, 0.1, 10.0}) {
    expect_equal_to_qr(problem, random_support(3, 12, 0.6, 1), damping, damping * mean_of_diagonal(problem),
                       1e-6);
  }
  const auto held = refit_kept(problem, full_support(3, 12), 1e9, 1);
  for (std::size_t i = 0; i < held.values.size(); ++i) {
    EXPECT_NEAR(held.values[i], problem.weights.values[i], 1e-6);
  }
}

TEST(PropertyRefit, RowsWithOneSupportAreSolvedAsIfAlone) {
  const auto problem = noisy_problem(6, 10, 60, 7);
  auto support = random_support(6, 10, 0.5, 2);
  for (const int64_t copy : {3, 5}) {
    std::copy_n(support.kept.begin() + 10, 10, support.kept.begin() + copy * 10);
  }
  expect_equal_to_qr(problem, support, 0, 0, 1e-6);
}

TEST(PropertyRefit, IsTheSameForAnyNumberOfThreads) {
  const auto problem = noisy_problem(20, 50, 200, 8);
  const auto support = random_support(20, 50, 0.4, 3);
  EXPECT_EQ(refit_kept(problem, support, 1e-4, 1).values, refit_kept(problem, support, 1e-4, 3).values);
}

TEST(PropertyRefit, WithAllKeptAndOutputsOfTheWeightsChangesNothing) {
  const auto weights = normal_matrix(4, 30, 1);
  const auto inputs = relu_mixture(300, 30, 2);
  const auto problem = make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer");
  const auto refitted = refit_kept(problem, full_support(4, 30), 0, 1);
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    EXPECT_NEAR(refitted.values[i], weights.values[i], 1e-4);
  }
}

TEST(UnitRefit, TakesOverWhatARemovedTwinCarried) {
  // x2 = 2 x1 and y = x1 + x2 = 3 x1: with x2 removed the weight of x1 becomes 3, with x1 removed that of
  // x2 1.5.
  Matrix inputs(4, 2);
  inputs.values = {1, 2, 2, 4, 3, 6, 6, 12};
  Matrix outputs(4, 2);
  outputs.values = {3, 3, 6, 6, 9, 9, 18, 18};
  Matrix weights(2, 2);
  weights.values = {1, 1, 1, 1};
  const auto problem = make_layer_problem(weights, inputs, outputs, "layer", true, 1);
  EXPECT_EQ(refit_kept(problem, {2, 2, {1, 0, 0, 1}}, 0, 1).values, (std::vector<float>{3, 0, 0, 1.5}));
}

TEST(UnitRefit, ARowWithoutWeightsStaysEmpty) {
  const auto problem = noisy_problem(2, 3, 20, 1);
  const auto refitted = refit_kept(problem, {2, 3, {0, 0, 0, 1, 0, 1}}, 0, 1);
  EXPECT_EQ(refitted.at(0, 0), 0);
  EXPECT_EQ(refitted.at(0, 1), 0);
  EXPECT_EQ(refitted.at(0, 2), 0);
  EXPECT_NE(refitted.at(1, 0), 0);
}

TEST(UnitRefit, KeepsTheWeightOfAnInputThatNeverChanges) {
  auto inputs = normal_matrix(30, 3, 1);
  for (int64_t k = 0; k < 30; ++k) {
    inputs.at(k, 1) = 0;
  }
  const auto weights = normal_matrix(2, 3, 2);
  const auto problem = make_layer_problem(weights, inputs, normal_matrix(30, 2, 3), "layer", true, 1);
  const auto refitted = refit_kept(problem, full_support(2, 3), 0, 1);
  EXPECT_EQ(refitted.at(0, 1), weights.at(0, 1));
  EXPECT_EQ(refitted.at(1, 1), weights.at(1, 1));
}

TEST(UnitRefit, DividesFairlyBetweenInputsThatAreTheSame) {
  // x1 = x2 = x, y = 4 x, present weights 1 and 2. Any ridge towards them adds the same to both: 1.5 and 2.5.
  Matrix inputs(4, 2);
  inputs.values = {1, 1, 2, 2, 3, 3, 6, 6};
  Matrix outputs(4, 1);
  outputs.values = {4, 8, 12, 24};
  Matrix weights(1, 2);
  weights.values = {1, 2};
  const auto problem = make_layer_problem(weights, inputs, outputs, "layer", true, 1);
  const auto refitted = refit_kept(problem, full_support(1, 2), 0, 1);
  EXPECT_NEAR(refitted.at(0, 0), 1.5, 1e-4);
  EXPECT_NEAR(refitted.at(0, 1), 2.5, 1e-4);
}

TEST(UnitRefit, WithFewerSamplesThanWeightsFitsThemAll) {
  const auto problem = noisy_problem(2, 30, 12, 4);
  const auto refitted = refit_kept(problem, full_support(2, 30), 0, 1);
  EXPECT_LT(output_error(problem, refitted), 1e-7);
}

TEST(ErrorsRefit, AGramMatrixThatCannotBeFactoredLeavesTheWeights) {
  auto problem = noisy_problem(2, 3, 20, 1);
  problem.gram.assign(9, std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(refit_kept(problem, full_support(2, 3), 0, 1).values, problem.weights.values);
}

TEST(ErrorsRefit, ASupportOfAnotherShapeOrADampingBelowZeroIsAFaultOfTheProgram) {
  const auto problem = noisy_problem(2, 3, 20, 1);
  EXPECT_THROW(refit_kept(problem, full_support(3, 2), 0, 1), InternalError);
  EXPECT_THROW(refit_kept(problem, full_support(2, 3), -1, 1), InternalError);
  EXPECT_THROW(refit_kept(problem, full_support(2, 3), 0, 1, Matrix(3, 3)), InternalError);
}

}  // namespace
}  // namespace mj
