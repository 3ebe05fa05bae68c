#include "base/huge_pages.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mj {
namespace {

// Of 5 million values of 4 bytes, past what asks for huge pages, and of 10, which does not.
TEST(UnitHugePages, ResizingKeepsValuesAndAppendsZeros) {
  for (const std::size_t count : {10U, 5'000'000U}) {
    std::vector<float> values{1, 2, 3};
    resize_in_huge_pages(values, count);
    ASSERT_EQ(values.size(), count);
    EXPECT_EQ(values[2], 3);
    EXPECT_TRUE(std::all_of(values.begin() + 3, values.end(), [](float each) { return each == 0; }));
    resize_in_huge_pages(values, 2);
    EXPECT_EQ(values, (std::vector<float>{1, 2}));
  }
}

}  // namespace
}  // namespace mj
