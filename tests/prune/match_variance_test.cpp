#include "prune/match_variance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "synthetic_layer.h"

namespace mj {
namespace {

double variance_of_column(const Matrix& values, int64_t column) {
  double sum = 0;
  double squares = 0;
  for (int64_t i = 0; i < values.rows; ++i) {
    sum += values.at(i, column);
    squares += static_cast<double>(values.at(i, column)) * values.at(i, column);
  }
  const auto rows = static_cast<double>(values.rows);
  return squares / rows - sum * sum / rows / rows;
}

TEST(UnitMatchVariance, OutputsVaryAsMuchAsWanted) {
  const auto weights = normal_matrix(3, 5, 1);
  const auto inputs = relu_mixture(400, 5, 2);
  const auto outputs = times_transposed(inputs, weights);
  const auto problem = make_layer_problem(weights, inputs, outputs, "layer", true, 1);
  Matrix small = weights;
  for (int64_t j = 0; j < 5; ++j) {
    small.at(0, j) = j == 2 ? weights.at(0, j) : 0;
    small.at(1, j) = 0;
  }
  const Matrix matched = match_variance(problem, small, 1, 1);
  const Matrix given = times_transposed(inputs, matched);
  EXPECT_NEAR(variance_of_column(given, 0), variance_of_column(outputs, 0), 1e-3);
  EXPECT_EQ(variance_of_column(given, 1), 0);  // Nothing times anything is nothing.
  EXPECT_NEAR(variance_of_column(given, 2), variance_of_column(outputs, 2), 1e-3);
  EXPECT_EQ(matched.at(0, 0), 0);
}

TEST(UnitMatchVariance, HalfOfTheWayIsTheGeometricMean) {
  const auto inputs = relu_mixture(400, 5, 2);
  const auto weights = normal_matrix(1, 5, 1);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  Matrix small = problem.weights;
  small.at(0, 1) = 0;
  const auto variance = [&](const Matrix& of) { return variance_of_column(times_transposed(inputs, of), 0); };
  EXPECT_NEAR(variance(match_variance(problem, small, 0.5, 1)),
              std::sqrt(variance(small) * variance(problem.weights)), 1e-3);
  EXPECT_EQ(match_variance(problem, small, 0, 1).values, small.values);
}

TEST(UnitMatchVariance, FewSamplesTellTheSameAsTheGramMatrix) {
  const auto problem = exact_problem(normal_matrix(3, 64, 1), relu_mixture(20, 64, 2));
  ASSERT_TRUE(has_few_samples(problem));
  LayerProblem by_gram = problem;
  by_gram.inputs = Matrix();
  const Matrix small = masked(problem.weights, random_support(3, 64, 0.3, 3));
  const Matrix matched = match_variance(problem, small, 1, 1);
  const Matrix expected = match_variance(by_gram, small, 1, 1);
  for (std::size_t i = 0; i < matched.values.size(); ++i) {
    EXPECT_NEAR(matched.values[i], expected.values[i], 1e-5);
  }
  EXPECT_NEAR(output_error(problem, small, 1), output_error(by_gram, small, 1), 1e-5);
}

}  // namespace
}  // namespace mj
