#include "prune/sparse_gpt.h"

#include <gtest/gtest.h>

#include "prune/exact_obs.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

TEST(UnitSparseGpt, AWeightIsJudgedByTheColumnsFromItOn) {
  // First column: 2.2^2 / (2/3) = 7.26. Second, with the first one fixed: 2^2 / (1/2) = 8; free to change,
  // the first would make up for it, 2^2 / (2/3) = 6, and ExactOBS removes the second instead.
  const auto problem = two_inputs(2.2F, 2);
  const SecondOrderOptions undamped{.damping = 0, .threads = 1};
  EXPECT_EQ(choose_support_by_sparse_gpt(problem, full_support(1, 2), 1, undamped).kept,
            (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(choose_support_by_exact_obs(problem, full_support(1, 2), 1, undamped).kept,
            (std::vector<uint8_t>{1, 0}));
}

TEST(UnitSparseGpt, LaterBlocksMakeUpForWhatEarlierOnesLost) {
  // Column 128 repeats column 0, whose weight 1 it takes over with its own 1: 2, more than the 1.5 of column
  // 129. All others are independent; column 1 keeps its place in the first block by its weight 3.
  Matrix inputs(130, 130);
  for (int64_t j = 0; j < 130; ++j) {
    inputs.at(j, j) = 1;
  }
  inputs.at(0, 128) = 1;
  inputs.at(128, 128) = 0;
  Matrix weights(1, 130);
  Support candidates = empty_support(1, 130);
  for (const auto& [column, weight] : {std::pair{0, 1.0F}, {1, 3.0F}, {128, 1.0F}, {129, 1.5F}}) {
    weights.at(0, column) = weight;
    candidates.kept[static_cast<std::size_t>(column)] = 1;
  }
  const auto kept = choose_support_by_sparse_gpt(exact_problem(weights, inputs), candidates, 2,
                                                 {.damping = 1e-6, .threads = 1});
  Support expected = empty_support(1, 130);
  expected.kept[1] = 1;
  expected.kept[128] = 1;
  EXPECT_EQ(kept.kept, expected.kept);
}

TEST(UnitSparseGpt, EveryBlockKeepsItsShare) {
  const auto problem = noisy_problem(4, 300, 400, 1);
  const auto kept = choose_support_by_sparse_gpt(problem, full_support(4, 300), 400, {.threads = 1});
  int64_t first_block = 0;
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t j = 0; j < 128; ++j) {
      first_block += kept.is_kept(i, j) ? 1 : 0;
    }
  }
  EXPECT_EQ(first_block, 400 * 128 / 300);
}

// Of 40 samples a Gram matrix of 300 inputs has rank 39: its inverse is rounding for the most part.
TEST(UnitSparseGpt, CopesWithFarFewerSamplesThanInputs) {
  for (const bool repeats : {false, true}) {
    Matrix inputs = normal_matrix(40, 300, 1);
    for (int64_t k = 0; repeats && k < 40; ++k) {
      std::copy_n(inputs.row(k), 150, inputs.row(k) + 150);
    }
    const auto weights = normal_matrix(3, 300, 2);
    const auto problem =
        make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
    const Support kept =
        choose_support_by_sparse_gpt(problem, full_support(3, 300), 200, {.damping = 0, .threads = 1});
    EXPECT_EQ(count_kept(kept), 200);
  }
}

}  // namespace
}  // namespace mj
