#include "runtime/classifier.h"

#include <gtest/gtest.h>

#include <limits>

#include "tiny_network.h"

namespace mj {
namespace {

TEST(UnitClassifier, LogitsAreWhatAFinalSoftmaxReads) {
  const auto network =
      TinyNetwork().input("x", {-1, 3}).node("Softmax", {"x"}, "p").node("Flatten", {"p"}, "y").build({"y"});
  EXPECT_EQ(find_logits(network), "x");
}

TEST(UnitClassifier, LogitsAreTheOutputWhereNoSoftmaxEndsTheNetwork) {
  const auto network =
      TinyNetwork().input("x", {-1, 3}).node("Softmax", {"x"}, "p").node("Relu", {"p"}, "y").build({"y"});
  EXPECT_EQ(find_logits(network), "y");
}

TEST(UnitClassifier, FeatureMapsAreWhatTheLastNodeReadsThatLeavesOneValueAChannel) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2, 4, 4})
      .node("MaxPool", {"x"}, "p", {1, 2, 2, 2})
      .node("Relu", {"p"}, "r", {1, 2, 2, 2});
  tiny.node("GlobalAveragePool", {"r"}, "g", {1, 2, 1, 1}).node("Flatten", {"g"}, "y", {1, 2});
  EXPECT_EQ(find_feature_maps(tiny.build({"y"})), "r");
  const auto without =
      TinyNetwork().input("x", {-1, 2, 4, 4}).node("Flatten", {"x"}, "y", {1, 32}).build({"y"});
  EXPECT_EQ(find_feature_maps(without), "");
}

// Of equal scores the lowest class ranks first.
TEST(UnitClassifier, EqualScoresRankByClass) {
  const std::vector<float> scores{1, 3, 3, 2};
  EXPECT_EQ(rank_of_label(scores, 1), 0U);
  EXPECT_EQ(rank_of_label(scores, 2), 1U);
  EXPECT_EQ(rank_of_label(scores, 3), 2U);
  EXPECT_EQ(rank_of_label(scores, 0), 3U);
}

TEST(UnitClassifier, AScoreThatIsNoNumberRanksLast) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> scores{nan, 1};
  EXPECT_EQ(rank_of_label(scores, 0), 2U);
  EXPECT_EQ(rank_of_label(scores, 1), 0U);
}

}  // namespace
}  // namespace mj
