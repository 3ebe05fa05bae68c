#include "search/other_operators.h"

#include <gtest/gtest.h>

#include "base/document.h"
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

mj::Accelerator two_levels() {
  std::vector<mj::Problem> problems;
  return mj::parse_accelerator(
      mj::parse_document("{ name: two, mac: { energy: 1 }, levels: [ { name: DRAM, energy: 200 }, "
                         "{ name: buffer, words: 512, energy: { read: 6, write: 7 } } ] }",
                         "two.yaml"),
      problems);
}

// Windows of 3 x 3 at every second place of a padded 9 x 9 map: each of its 81 words comes once (DRAM read,
// buffer written) and is read for each of the 9 * 16 comparisons; a result is written 9 times, read 8 times
// between, read once more to leave, and written to DRAM.
TEST(UnitOtherOperators, PoolingIsALoopNestWithoutWeights) {
  const mj::Network network = GraphBuilder()
                                  .input("x", {1, 4, 8, 8})
                                  .constant("w", {5, 4, 1, 1})
                                  .node("Conv", {"x", "w"}, "a", {1, 5, 8, 8})
                                  .node("MaxPool", {"a"}, "p", {1, 5, 4, 4},
                                        {{"kernel_shape", std::vector<int64_t>{3, 3}},
                                         {"strides", std::vector<int64_t>{2, 2}},
                                         {"pads", std::vector<int64_t>{1, 1, 0, 0}}})
                                  .node("GlobalAveragePool", {"p"}, "g", {1, 5, 1, 1})
                                  .build();
  const auto others = price_other_operators(network, two_levels(), 2, 16);
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0].read.value, 2 * 5 * 81);
  EXPECT_EQ(others[0].written.value, 2 * 5 * 16);
  EXPECT_DOUBLE_EQ(others[0].energy.value,
                   5.0 * (81 * (200 + 7) + 16 * 9 * 6 + 16 * (9 * 7 + 8 * 6 + 6 + 200)));
  EXPECT_DOUBLE_EQ(others[1].energy.value, 5.0 * (16 * (200 + 7 + 6) + 16 * 7 + 15 * 6 + 6 + 200));
}

TEST(UnitOtherOperators, ElementWiseOnesTakeEachWordThroughAllLevels) {
  const mj::Network network = GraphBuilder()
                                  .input("x", {1, 4, 8, 8})
                                  .constant("w", {4, 4, 1, 1})
                                  .node("Conv", {"x", "w"}, "a", {1, 4, 8, 8})
                                  .node("Conv", {"x", "w"}, "b", {1, 4, 8, 8})
                                  .node("Concat", {"a", "b"}, "c", {1, 8, 8, 8})
                                  .node("Mul", {"c", "c"}, "m", {1, 8, 8, 8})
                                  .build();
  const auto others = price_other_operators(network, two_levels(), 1, 8);
  ASSERT_EQ(others.size(), 2U);
  EXPECT_DOUBLE_EQ(others[1].energy.value, 512 * (2 * (200 + 7 + 6) + (7 + 6 + 200)) / 2.0);
}

}  // namespace
