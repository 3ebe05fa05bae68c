#include "search/other_operators.h"

#include <gtest/gtest.h>

#include "network/graph_builder.h"

namespace {

/// Two convolutions, the first with a Relu, whose maps are concatenated and pooled; then a view.
mj::Network branches() {
  return GraphBuilder()
      .input("x", {1, 4, 8, 8})
      .constant("w", {4, 4, 1, 1})
      .node("Conv", {"x", "w"}, "a", {1, 4, 8, 8})
      .node("Relu", {"a"}, "r", {1, 4, 8, 8})
      .node("Conv", {"x", "w"}, "b", {1, 4, 8, 8})
      .node("Concat", {"r", "b"}, "c", {1, 8, 8, 8}, {}, "join")
      .node("MaxPool", {"c"}, "p", {1, 8, 4, 4})
      .node("Shape", {"p"}, "s", {4})
      .node("Reshape", {"p", "s"}, "f", {1, 128})
      .build();
}

// 512 words are joined and 512 become 128; at 16 bits a word through DRAM and buffer costs 200 + 6 MACs.
TEST(UnitOtherOperators, MoveEachMapOnceThroughMemoryAndBuffer) {
  const auto others = price_other_operators(branches(), mj::read_accelerator("eyeriss-cvpr17"), 3, 16);
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0].name, "join");
  EXPECT_EQ(others[0].op, "Concat");
  EXPECT_EQ(others[0].read.value, 3 * 512);
  EXPECT_EQ(others[0].written.value, 3 * 512);
  EXPECT_DOUBLE_EQ(others[0].energy.value, (512 + 512) * 206);
  EXPECT_EQ(others[1].name, "p");
  EXPECT_EQ(others[1].written.value, 3 * 128);
}

TEST(UnitOtherOperators, CostInProportionToTheirBits) {
  const auto others = price_other_operators(branches(), mj::read_accelerator("eyeriss-cvpr17"), 1, 8);
  EXPECT_DOUBLE_EQ(others[0].energy.value, (512 + 512) * 206 / 2.0);
}

}  // namespace
