#include "prune/choose_damping.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

/// 24 filters of 60 correlated inputs.
LayerProblem problem_of_samples(int64_t samples) {
  const auto weights = normal_matrix(24, 60, 1);
  const auto inputs = relu_mixture(samples, 60, 2);
  auto outputs = times_transposed(inputs, weights);
  const auto noise = normal_matrix(samples, 24, 3);
  for (std::size_t i = 0; i < outputs.values.size(); ++i) {
    outputs.values[i] += noise.values[i];
  }
  return make_layer_problem(weights, inputs, outputs, "layer", true, 1);
}

TEST(PropertyChooseDamping, IsStrongWhereSamplesAreFewAndTheSameOnAnyNumberOfThreads) {
  const auto few = choose_damping(problem_of_samples(40), full_support(24, 60), 400, {.threads = 1});
  const auto many = choose_damping(problem_of_samples(4000), full_support(24, 60), 400, {.threads = 1});
  EXPECT_EQ(few.damping, 1e-1);
  EXPECT_LE(many.damping, 1e-2);
  ASSERT_EQ(few.errors.size(), 4);
  EXPECT_GT(few.errors[0], few.errors[3]);
  EXPECT_EQ(choose_damping(problem_of_samples(40), full_support(24, 60), 400, {.threads = 3}).errors,
            few.errors);
}

TEST(UnitChooseDamping, ImagesAreHeldOutAsAWhole) {
  // Ten rows each of four images: nothing is left to judge by; rows alone would be.
  const auto problem = problem_of_samples(40);
  const auto choice =
      choose_damping(problem, full_support(24, 60), 400, {.rows_per_image = 10, .threads = 1});
  EXPECT_EQ(choice.damping, 1e-3);
  EXPECT_TRUE(choice.errors.empty());
}

TEST(UnitChooseDamping, CopesWithASingleSampleNothingToKeepAndConstantOutputs) {
  EXPECT_EQ(choose_damping(problem_of_samples(1), full_support(24, 60), 4, {.threads = 1}).damping, 1e-3);
  const auto problem = problem_of_samples(20);
  EXPECT_EQ(choose_damping(problem, full_support(24, 60), 0, {.threads = 1}).errors.size(), 4);
  EXPECT_EQ(choose_damping(problem, full_support(24, 60), 24 * 60, {.threads = 1}).errors.size(), 4);
  const auto constant = make_layer_problem(Matrix(2, 3), Matrix(20, 3), Matrix(20, 2), "layer");
  EXPECT_EQ(choose_damping(constant, full_support(2, 3), 3, {.tried = {.1, .2}, .threads = 1}).damping, .1);
  EXPECT_THROW(choose_damping(problem, full_support(24, 60), 4, {.tried = {}}), InternalError);
}

}  // namespace
}  // namespace mj
