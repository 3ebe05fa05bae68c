#include "prune/channel_elimination.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "prune/coupling.h"
#include "prune/energy_aware.h"
#include "prune/exact_obs.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

using Channels = std::vector<int64_t>;

/// A layer whose channels have columns in a row, or in several rows of them.
ChannelInputs reader_of(const LayerProblem& problem, std::vector<int64_t> first, int64_t columns) {
  return {&problem, std::move(first), columns, problem.output_power};
}

Channels order_of(const LayerProblem& problem, int64_t places, int64_t count, double damping = 0,
                  int threads = 1) {
  return elimination_order({reader_of(problem, {0}, places)}, problem.weights.columns / places, count,
                           damping, threads);
}

/// The error that is left, as a share of the output's power, when a reader refits without `gone`.
double error_without(const ChannelInputs& reader, const Channels& gone) {
  const Matrix& weights = reader.problem->weights;
  Support support = full_support(weights.rows, weights.columns);
  for (int64_t i = 0; i < weights.rows; ++i) {
    for (const int64_t c : gone) {
      for (const int64_t first : reader.first) {
        const auto start = support.kept.begin() + i * weights.columns + first + c * reader.columns;
        std::fill(start, start + reader.columns, uint8_t{0});
      }
    }
  }
  return output_error(*reader.problem, refit_kept(*reader.problem, support, 0, 1), 1);
}

/// Each time the channel without which the readers' errors sum up to the least.
Channels brute_force_order(const std::vector<ChannelInputs>& readers, int64_t channels) {
  Channels gone;
  while (std::ssize(gone) < channels) {
    double least = std::numeric_limits<double>::infinity();
    int64_t best = 0;
    for (int64_t c = 0; c < channels; ++c) {
      if (std::find(gone.begin(), gone.end(), c) != gone.end()) {
        continue;
      }
      Channels without = gone;
      without.push_back(c);
      const double error = std::accumulate(
          readers.begin(), readers.end(), 0.0,
          [&](double sum, const auto& reader) { return sum + error_without(reader, without); });
      best = error < least ? c : best;
      least = std::min(least, error);
    }
    gone.push_back(best);
  }
  return gone;
}

// Of two_inputs(1, 2): without the first 1 / (2/3) = 1.5 is lost, without the second 4 / (2/3) = 6.
TEST(UnitChannelElimination, OneRowAndOnePlaceAreExactObs) {
  EXPECT_EQ(order_of(two_inputs(1, 2), 1, 2), (Channels{0, 1}));
  EXPECT_EQ(order_of(two_inputs(2, 1), 1, 2), (Channels{1, 0}));
  const auto problem = exact_problem(normal_matrix(1, 30, 3), normal_matrix(200, 30, 4));
  const auto exact = removal_orders(problem, full_support(1, 30), {.damping = 0, .threads = 1});
  EXPECT_EQ(order_of(problem, 1, 30), Channels(exact[0].columns.begin(), exact[0].columns.end()));
}

TEST(PropertyChannelElimination, EveryRemovalRaisesTheRefittedErrorLeast) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto problem = exact_problem(normal_matrix(6, 5 * 4, seed), relu_mixture(100, 20, seed + 10));
    EXPECT_EQ(order_of(problem, 4, 5), brute_force_order({reader_of(problem, {0}, 4)}, 5)) << seed;
  }
}

TEST(PropertyChannelElimination, ErrorsOfOutputsCountTogether) {
  int differing = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    auto problem = exact_problem(normal_matrix(6, 5 * 4, seed), relu_mixture(100, 20, seed + 10));
    const Channels single = order_of(problem, 4, 5);
    Matrix coupling(6, 6);
    for (int64_t i = 0; i < 6; ++i) {
      for (int64_t j = 0; j < 6; ++j) {
        coupling.at(i, j) = i == j ? 1 : (i + j) % 2 == 0 ? 0.8F : -0.8F;
      }
    }
    couple(problem, coupling);
    EXPECT_EQ(order_of(problem, 4, 5), brute_force_order({reader_of(problem, {0}, 4)}, 5)) << seed;
    differing += static_cast<int>(order_of(problem, 4, 5) != single);
  }
  EXPECT_GT(differing, 0);
}

// The second reader has a channel's places elsewhere: behind three columns of something else, two by two.
TEST(PropertyChannelElimination, SeveralReadersShareOneOrder) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto first = exact_problem(normal_matrix(6, 5 * 4, seed), relu_mixture(100, 20, seed + 10));
    const auto second =
        exact_problem(normal_matrix(3, 3 + 5 * 2, seed + 20), relu_mixture(80, 13, seed + 30));
    const std::vector<ChannelInputs> readers{reader_of(first, {0}, 4), reader_of(second, {3}, 2)};
    EXPECT_EQ(elimination_order(readers, 5, 5, 0, 1), brute_force_order(readers, 5)) << seed;
  }
}

// As behind a flattening of pixels, or where two parts of a convolution's inputs go together.
TEST(PropertyChannelElimination, AChannelMayHaveColumnsInSeveralPlaces) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto problem = exact_problem(normal_matrix(6, 3 * 5 * 2, seed), relu_mixture(100, 30, seed + 10));
    const auto reader = reader_of(problem, {0, 10, 20}, 2);
    EXPECT_EQ(elimination_order({reader}, 5, 5, 0, 1), brute_force_order({reader}, 5)) << seed;
  }
}

// A layer's error counts as a share of its output: the same weights a thousandfold weigh the same.
TEST(UnitChannelElimination, ReadersOfAnyScaleCountAlike) {
  const auto inputs = relu_mixture(100, 8, 2);
  const auto weights = normal_matrix(4, 8, 3);
  auto large = weights;
  std::transform(large.values.begin(), large.values.end(), large.values.begin(),
                 [](float value) { return 1000 * value; });
  const auto other = exact_problem(normal_matrix(4, 8, 5), inputs);
  const auto small_one = exact_problem(weights, inputs);
  const auto large_one = exact_problem(large, inputs);
  EXPECT_EQ(elimination_order({reader_of(other, {0}, 1), reader_of(small_one, {0}, 1)}, 8, 8, 0, 1),
            elimination_order({reader_of(other, {0}, 1), reader_of(large_one, {0}, 1)}, 8, 8, 0, 1));
}

TEST(UnitChannelElimination, MoreOrFewerChannelsHaveTheSameOrderOnAnyNumberOfThreads) {
  const auto problem = exact_problem(normal_matrix(70, 9 * 9, 4), normal_matrix(200, 81, 5));
  const Channels all = order_of(problem, 9, 9, 1e-3, 1);
  const Channels some = order_of(problem, 9, 5, 1e-3, 3);
  ASSERT_EQ(some.size(), 5U);
  EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  EXPECT_TRUE(order_of(problem, 9, 0).empty());
  EXPECT_THROW(order_of(problem, 9, 10), InternalError);
}

TEST(UnitChannelElimination, ChannelsThatNeverChangeOrRepeatOthersGoFirst) {
  auto inputs = normal_matrix(30, 8, 1);
  for (int64_t k = 0; k < 30; ++k) {
    for (int64_t j = 0; j < 2; ++j) {
      inputs.at(k, 2 + j) = 3;                    // channel 1
      inputs.at(k, 6 + j) = 2 * inputs.at(k, j);  // channel 3 is twice channel 0
    }
  }
  const auto weights = normal_matrix(3, 8, 2);
  const auto problem =
      make_layer_problem(weights, inputs, times_transposed(inputs, weights), "layer", true, 1);
  for (const double damping : {0.0, 1e-3}) {
    Channels first = order_of(problem, 2, 2, damping);
    std::sort(first.begin(), first.end());
    EXPECT_TRUE(first == (Channels{0, 1}) || first == (Channels{1, 3})) << damping;
  }
}

// What no reader has a weight for is gone already, however much it changes.
TEST(UnitChannelElimination, UnreadChannelsGoFirst) {
  auto weights = normal_matrix(3, 5, 1);
  for (int64_t i = 0; i < 3; ++i) {
    weights.at(i, 1) = weights.at(i, 4) = 0;
  }
  const auto problem = exact_problem(weights, relu_mixture(60, 5, 2));
  EXPECT_EQ(order_of(problem, 1, 2), (Channels{1, 4}));
}

TEST(UnitChannelElimination, AReaderWithoutOutputHasNoSay) {
  const auto silent =
      make_layer_problem(normal_matrix(2, 4, 1), Matrix(20, 4), Matrix(20, 2), "silent", true, 1);
  const auto problem = exact_problem(normal_matrix(3, 4, 2), normal_matrix(60, 4, 3));
  EXPECT_EQ(elimination_order({reader_of(silent, {0}, 1), reader_of(problem, {0}, 1)}, 4, 4, 1e-3, 1),
            order_of(problem, 1, 4, 1e-3));
}

}  // namespace
}  // namespace mj
