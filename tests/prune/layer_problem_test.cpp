#include "prune/layer_problem.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"
#include "prune/coupling.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

// X = (1 2; 3 2; 5 8) and y = (1; 2; 6): means (3, 4) and 3, centred X = (-2 -2; 0 -2; 2 4), y = (-2; -1; 3).
LayerProblem three_samples() {
  return make_layer_problem(matrix_of(1, 2, {1, 0.5}), matrix_of(3, 2, {1, 2, 3, 2, 5, 8}),
                            matrix_of(3, 1, {1, 2, 6}), "conv1");
}

TEST(UnitLayerProblem, SamplesAreCentredAndMultiplied) {
  const auto problem = three_samples();
  EXPECT_EQ(problem.input_means, (std::vector<double>{3, 4}));
  EXPECT_EQ(problem.output_means, (std::vector<double>{3}));
  EXPECT_EQ(problem.inputs.values, (std::vector<float>{-2, -2, 0, -2, 2, 4}));
  EXPECT_EQ(problem.outputs.values, (std::vector<float>{-2, -1, 3}));
  EXPECT_EQ(problem.gram, (std::vector<double>{8, 12, 12, 24}));
  EXPECT_EQ(problem.correlation, (std::vector<double>{10, 18}));
  EXPECT_EQ(problem.output_power, 14);
}

TEST(UnitLayerProblem, BiasMovesTheMeanOfTheOutputBack) {
  // mean(y) - (1 * 3 + .5 * 4) = -2
  const auto problem = three_samples();
  EXPECT_EQ(fitted_bias(problem, problem.weights), (std::vector<float>{-2}));
}

TEST(UnitLayerProblem, WithoutABiasMeansStay) {
  const auto problem = make_layer_problem(matrix_of(1, 2, {1, 0.5}), matrix_of(3, 2, {1, 2, 3, 2, 5, 8}),
                                          matrix_of(3, 1, {1, 2, 6}), "conv1", false);
  EXPECT_EQ(problem.gram, (std::vector<double>{35, 48, 48, 72}));
  EXPECT_EQ(problem.correlation, (std::vector<double>{37, 54}));
  EXPECT_EQ(problem.output_power, 41);
  EXPECT_EQ(fitted_bias(problem, problem.weights), (std::vector<float>{0}));
  // X w = (2; 4; 9), missed (-1; -2; -3): 14 of 41.
  EXPECT_NEAR(output_error(problem, problem.weights), 14.0 / 41, 1e-15);
  EXPECT_NEAR(held_out_error(problem, problem.weights, matrix_of(1, 2, {1, 2}), matrix_of(1, 1, {4})),
              4.0 / 16, 1e-7);
}

TEST(UnitLayerProblem, OutputErrorIsRelativeToTheOutputsPower) {
  // Centred X w = (-3; -1; 4), missed (1; 0; -1): 2 of 14. Without weights everything is missed.
  const auto problem = three_samples();
  EXPECT_NEAR(output_error(problem, problem.weights), 2.0 / 14, 1e-15);
  EXPECT_EQ(output_error(problem, Matrix(1, 2)), 1);
}

TEST(UnitLayerProblem, OutputErrorOfAConstantOutputIsZero) {
  const auto problem = make_layer_problem(matrix_of(1, 1, {0}), matrix_of(3, 1, {1, 2, 3}),
                                          matrix_of(3, 1, {5, 5, 5}), "conv1");
  EXPECT_EQ(output_error(problem, matrix_of(1, 1, {1})), 0);
}

TEST(UnitLayerProblem, HeldOutErrorUsesTheFittedBias) {
  // The bias is -2 (above): (1 2) gives 0, (4 6) gives 5. Outputs 1 and 5 miss by 1 and 0; from the mean 3
  // they lie 2 and 2 away.
  const auto problem = three_samples();
  EXPECT_NEAR(
      held_out_error(problem, problem.weights, matrix_of(2, 2, {1, 2, 4, 6}), matrix_of(2, 1, {1, 5})),
      1.0 / 8, 1e-7);
}

Matrix rows_of(const Matrix& matrix, int64_t first, int64_t count) {
  return matrix_of(count, matrix.columns, {matrix.row(first), matrix.row(first + count)});
}

void expect_sum(const LayerProblem& sum, const LayerProblem& whole) {
  const auto expect_near = [](const std::vector<double>& values, const std::vector<double>& expected) {
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      // Of sums of some 500 products.
      ASSERT_NEAR(values[i], expected[i], 1e-3) << i;
    }
  };
  EXPECT_EQ(sum.samples, whole.samples);
  expect_near(sum.input_means, whole.input_means);
  expect_near(sum.output_means, whole.output_means);
  expect_near(sum.gram, whole.gram);
  expect_near(sum.correlation, whole.correlation);
  expect_near(sum.row_powers, whole.row_powers);
  EXPECT_NEAR(sum.output_power, whole.output_power, 1e-5 * whole.output_power);
}

TEST(PropertyLayerProblem, SamplesThatAreAddedCountAsIfAllHadComeAtOnce) {
  const Matrix inputs = relu_mixture(500, 7, 1);
  const Matrix outputs = normal_matrix(500, 3, 2);
  const Matrix weights = normal_matrix(3, 7, 3);
  const Matrix coupling = matrix_of(3, 3, {1, 0.5, 0, 0.5, 1, -0.25, 0, -0.25, 1});
  for (const bool has_bias : {true, false}) {
    for (const bool is_coupled : {true, false}) {
      const auto problem_of = [&](int64_t first, int64_t count) {
        LayerProblem problem = make_layer_problem(weights, rows_of(inputs, first, count),
                                                  rows_of(outputs, first, count), "conv1", has_bias);
        if (is_coupled) {
          couple(problem, coupling);
        }
        return problem;
      };
      LayerProblem sum = problem_of(0, 130);
      add_samples(sum, problem_of(130, 350));
      add_samples(sum, problem_of(480, 20));
      expect_sum(sum, problem_of(0, 500));
      EXPECT_TRUE(sum.inputs.values.empty());
    }
  }
}

TEST(UnitLayerProblem, AddedSamplesMoveTheMeans) {
  // To the three samples x = (5 0), y = 7: means (3.5 3) and 4, centred X = (-2.5 -1; -.5 -1; 1.5 5; 1.5 -3),
  // y = (-3; -2; 2; 3).
  LayerProblem problem = three_samples();
  add_samples(problem,
              make_layer_problem(problem.weights, matrix_of(1, 2, {5, 0}), matrix_of(1, 1, {7}), "conv1"));
  EXPECT_EQ(problem.samples, 4);
  EXPECT_EQ(problem.input_means, (std::vector<double>{3.5, 3}));
  EXPECT_EQ(problem.output_means, (std::vector<double>{4}));
  EXPECT_EQ(problem.gram, (std::vector<double>{11, 6, 6, 36}));
  EXPECT_EQ(problem.correlation, (std::vector<double>{16, 6}));
  EXPECT_EQ(problem.row_powers, (std::vector<double>{26}));
  EXPECT_EQ(problem.output_power, 26);
}

TEST(PropertyLayerProblem, GramAndCorrelationEqualPlainSums) {
  // More samples than a chunk and more columns than a panel, neither a multiple.
  const auto problem = noisy_problem(5, 131, 1030, 3);
  const auto& x = problem.inputs;
  const auto& y = problem.outputs;
  const auto sum_of_products = [](const Matrix& a, int64_t i, const Matrix& b, int64_t j) {
    double sum = 0;
    for (int64_t k = 0; k < a.rows; ++k) {
      sum += static_cast<double>(a.at(k, i)) * static_cast<double>(b.at(k, j));
    }
    return sum;
  };
  // Sums of up to some 4000, at the 1e-6 that single precision leaves of so many terms.
  constexpr double rounding = 4000 * 1e-6;
  for (int64_t i = 0; i < 131; ++i) {
    for (int64_t j = 0; j < 131; ++j) {
      ASSERT_NEAR(problem.gram[static_cast<std::size_t>(i * 131 + j)], sum_of_products(x, i, x, j), rounding);
    }
    for (int64_t j = 0; j < 5; ++j) {
      ASSERT_NEAR(problem.correlation[static_cast<std::size_t>(i * 5 + j)], sum_of_products(x, i, y, j),
                  rounding);
    }
  }
}

TEST(PropertyLayerProblem, IsTheSameForAnyNumberOfThreads) {
  const auto one = noisy_problem(70, 300, 600, 4, 1);
  const auto three = noisy_problem(70, 300, 600, 4, 3);
  EXPECT_EQ(one.gram, three.gram);
  EXPECT_EQ(one.correlation, three.correlation);
  EXPECT_EQ(output_error(one, one.weights, 1), output_error(one, one.weights, 3));
  EXPECT_EQ(held_out_error(one, one.weights, one.inputs, one.outputs, 1),
            held_out_error(one, one.weights, one.inputs, one.outputs, 3));
}

TEST(PropertyLayerProblem, OutputErrorEqualsTheOneOverTheSamples) {
  const auto problem = noisy_problem(70, 40, 500, 5);
  for (const double perturbation : {1.0, 1e-2, 1e-3}) {
    auto weights = problem.weights;
    const auto change = normal_matrix(70, 40, 6);
    for (std::size_t i = 0; i < weights.values.size(); ++i) {
      weights.values[i] += static_cast<float>(perturbation) * change.values[i];
    }
    double error = 0;
    for (const double missed : residual_of(problem, weights)) {
      error += missed * missed;
    }
    EXPECT_NEAR(output_error(problem, weights), error / problem.output_power, 1e-6);
  }
}

// The message of the InputError for a problem of 2 filters, 3 columns and 4 samples with one value replaced.
template <class Spoil>
std::string message_for(Spoil spoil) {
  Matrix weights(2, 3);
  Matrix inputs(4, 3);
  Matrix outputs(4, 2);
  spoil(weights, inputs, outputs);
  try {
    make_layer_problem(weights, inputs, outputs, "conv1");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(ErrorsLayerProblem, NameLayerSampleAndValueThatIsNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(message_for([&](Matrix&, Matrix& inputs, Matrix&) { inputs.at(3, 1) = nan; }),
            "conv1: input sample 3, value 1: is nan; must be a finite number");
  EXPECT_EQ(message_for([&](Matrix&, Matrix&, Matrix& outputs) { outputs.at(0, 1) = -infinity; }),
            "conv1: output sample 0, value 1: is -inf; must be a finite number");
  EXPECT_EQ(message_for([&](Matrix& weights, Matrix&, Matrix&) { weights.at(1, 0) = infinity; }),
            "conv1: filter 1, value 0: is inf; must be a finite number");
}

TEST(ErrorsLayerProblem, NameInputsWhoseSquaresAreInfinite) {
  const auto message = [](float value) {
    return message_for([&](Matrix&, Matrix& inputs, Matrix&) { inputs.at(0, 0) = value; });
  };
  EXPECT_EQ(message(1e18F), "");
  EXPECT_EQ(message(std::numeric_limits<float>::max()),
            "conv1: input samples: have a mean square of inf; check the preprocessing: values are too large "
            "for single precision");
}

TEST(ErrorsLayerProblem, NameTheWidthThatNoGramMatrixIsMadeFor) {
  try {
    make_layer_problem(Matrix(1, 40000), Matrix(2, 40000), Matrix(2, 1), "fc6");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "fc6: has 40000 weights in a filter; at most 32768 can be refitted by least squares");
  }
}

TEST(ErrorsLayerProblem, ShapesThatDoNotGoTogetherAreAFaultOfTheProgram) {
  EXPECT_THROW(make_layer_problem(Matrix(2, 3), Matrix(4, 2), Matrix(4, 2), "conv1"), InternalError);
  EXPECT_THROW(make_layer_problem(Matrix(2, 3), Matrix(4, 3), Matrix(5, 2), "conv1"), InternalError);
  EXPECT_THROW(make_layer_problem(Matrix(2, 3), Matrix(0, 3), Matrix(0, 2), "conv1"), InternalError);
  EXPECT_THROW(output_error(three_samples(), Matrix(2, 2)), InternalError);
}

}  // namespace
}  // namespace mj
