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
