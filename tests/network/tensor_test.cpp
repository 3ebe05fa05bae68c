#include "network/tensor.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace {

TEST(UnitTensor, CountsElementsAsTheProductOfAllSizes) {
  EXPECT_EQ(mj::element_count({2, 3, 4}), 24);
  EXPECT_EQ(mj::element_count({}), 1);
  EXPECT_EQ(mj::element_count({5, 0, 7}), 0);
}

TEST(UnitTensor, KnowsNoCountOfAnUnknownOrTooLargeShape) {
  const int64_t largest = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(mj::checked_element_count({2, -1}), std::nullopt);
  EXPECT_EQ(mj::checked_element_count({largest, 2}), std::nullopt);
  EXPECT_EQ(mj::checked_element_count({largest, 1}), largest);
  EXPECT_EQ(mj::checked_element_count({largest, largest, 0}), 0);
  EXPECT_THROW(mj::element_count({2, -1}), mj::InternalError);
}

TEST(UnitTensor, WritesShapesWithQuestionMarksForUnknownSizes) {
  EXPECT_EQ(mj::to_string({1, 3, 224, 224}), "1x3x224x224");
  EXPECT_EQ(mj::to_string({-1, 3}), "?x3");
  EXPECT_EQ(mj::to_string({}), "scalar");
}

TEST(UnitTensor, TellsFloatingTypesFromTheRest) {
  EXPECT_TRUE(mj::is_floating(mj::ElementType::bfloat16));
  EXPECT_TRUE(mj::is_floating(mj::ElementType::float64));
  EXPECT_FALSE(mj::is_floating(mj::ElementType::int8));
  EXPECT_FALSE(mj::is_floating(mj::ElementType::boolean));
}

}  // namespace
