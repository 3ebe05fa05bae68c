#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "prune/energy_aware.h"
#include "prune/row_shares.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

Matrix two_rows() {
  Matrix weights(2, 4);
  weights.values = {0.5, -3, 2, 0, 4, -1, 0.25, 5};
  return weights;
}

TEST(UnitSupport, IsWhereWeightsAreNotZero) {
  const auto support = support_of(two_rows());
  EXPECT_EQ(support.kept, (std::vector<uint8_t>{1, 1, 1, 0, 1, 1, 1, 1}));
  EXPECT_EQ(count_kept(support), 7);
  EXPECT_TRUE(support.is_kept(1, 3));
  EXPECT_FALSE(support.is_kept(0, 3));
}

TEST(UnitSupport, MaskSetsTheOthersToZero) {
  const Support support{2, 4, {1, 0, 1, 0, 0, 1, 0, 1}};
  EXPECT_EQ(masked(two_rows(), support).values, (std::vector<float>{0.5, 0, 2, 0, 0, -1, 0, 5}));
  EXPECT_THROW(masked(two_rows(), Support{1, 8, support.kept}), InternalError);
}

TEST(UnitSupport, DensityCountsAreRoundedDownButNotByBinaryFractions) {
  EXPECT_EQ(count_at_density(0.29, 100), 29);  // .29 * 100 = 28.999999999999996 in double
  EXPECT_EQ(count_at_density(0.3, 10), 3);
  EXPECT_EQ(count_at_density(0.5, 7), 3);
  EXPECT_EQ(count_at_density(0, 7), 0);
  EXPECT_EQ(count_at_density(1, 7), 7);
  EXPECT_EQ(count_at_density(1, int64_t{1} << 60), int64_t{1} << 60);
  EXPECT_THROW(count_at_density(1.01, 7), InternalError);
  EXPECT_THROW(count_at_density(std::numeric_limits<double>::quiet_NaN(), 7), InternalError);
}

TEST(UnitKeepLargest, OverTheLayerKeepsTheLargestOfAll) {
  EXPECT_EQ(keep_largest(two_rows(), full_support(2, 4), 3, Scope::layer).kept,
            (std::vector<uint8_t>{0, 1, 0, 0, 1, 0, 0, 1}));
}

TEST(UnitKeepLargest, InEachFilterGivesTheFirstRowsOneMore) {
  EXPECT_EQ(keep_largest(two_rows(), full_support(2, 4), 3, Scope::filter).kept,
            (std::vector<uint8_t>{0, 1, 1, 0, 0, 0, 0, 1}));
}

TEST(UnitKeepLargest, LooksAtCandidatesOnly) {
  const Support candidates{2, 4, {1, 0, 1, 0, 0, 1, 1, 0}};
  EXPECT_EQ(keep_largest(two_rows(), candidates, 2, Scope::layer).kept,
            (std::vector<uint8_t>{0, 0, 1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(keep_largest(two_rows(), candidates, 100, Scope::layer).kept, candidates.kept);
  EXPECT_EQ(keep_largest(two_rows(), candidates, 100, Scope::filter).kept, candidates.kept);
}

TEST(UnitKeepLargest, WhatARowLacksTheOthersGet) {
  const Support candidates{2, 4, {0, 1, 0, 0, 1, 1, 1, 1}};
  EXPECT_EQ(keep_largest(two_rows(), candidates, 4, Scope::filter).kept,
            (std::vector<uint8_t>{0, 1, 0, 0, 1, 1, 0, 1}));
}

TEST(UnitKeepLargest, OfEqualWeightsKeepsThoseThatStandFirst) {
  Matrix weights(2, 3);
  weights.values = {-1, 1, 1, 1, -1, 1};
  EXPECT_EQ(keep_largest(weights, full_support(2, 3), 4, Scope::layer).kept,
            (std::vector<uint8_t>{1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(keep_largest(weights, full_support(2, 3), 4, Scope::filter).kept,
            (std::vector<uint8_t>{1, 1, 0, 1, 1, 0}));
}

TEST(UnitKeepLargest, KeepsWeightsThatAreNoNumberLast) {
  Matrix weights(1, 4);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  weights.values = {nan, 0, nan, 1};
  EXPECT_EQ(keep_largest(weights, full_support(1, 4), 2, Scope::layer).kept,
            (std::vector<uint8_t>{0, 1, 0, 1}));
}

TEST(PropertyKeepLargest, EqualsASortOfAllWeights) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto weights = normal_matrix(6, 9, seed);
    for (auto& value : weights.values) {
      value = std::round(2 * value);  // many ties
    }
    const auto candidates = random_support(6, 9, 0.7, seed);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < weights.values.size(); ++i) {
      if (candidates.kept[i] != 0) {
        order.push_back(i);
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::fabs(weights.values[a]) > std::fabs(weights.values[b]);
    });
    auto expected = empty_support(6, 9);
    for (std::size_t i = 0; i < 15; ++i) {
      expected.kept[order[i]] = 1;
    }
    EXPECT_EQ(keep_largest(weights, candidates, 15, Scope::layer).kept, expected.kept);
  }
}

TEST(PropertyRowShares, EqualDealingOneAtATime) {
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<int64_t> available(1 + random.below(6));
    for (auto& room : available) {
      room = static_cast<int64_t>(random.below(6));
    }
    const auto count = static_cast<int64_t>(random.below(30));
    // Round after round, each row with room takes one.
    std::vector<int64_t> dealt(available.size());
    int64_t left = std::min(count, std::accumulate(available.begin(), available.end(), int64_t{0}));
    while (left > 0) {
      for (std::size_t i = 0; i < available.size() && left > 0; ++i) {
        if (dealt[i] < available[i]) {
          ++dealt[i];
          --left;
        }
      }
    }
    EXPECT_EQ(share_among_rows(available, count), dealt);
  }
}

}  // namespace
}  // namespace mj
