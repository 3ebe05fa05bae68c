#include "runtime/receptive_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mj {
namespace {

using testing::ElementsAre;

LayerShape map_of(int64_t p, int64_t q) {
  LayerShape shape;
  shape.p = shape.height = p;
  shape.q = shape.width = q;
  return shape;
}

TEST(UnitReceptiveField, PositionsAreDifferentAndWithinTheMap) {
  const auto positions = draw_positions(map_of(5, 7), 20, 3, 11, 4);
  std::set<int64_t> seen;
  for (const auto& [map, p, q] : positions) {
    EXPECT_EQ(map, 4);
    EXPECT_TRUE(p >= 0 && p < 5 && q >= 0 && q < 7);
    seen.insert(p * 7 + q);
  }
  EXPECT_EQ(seen.size(), 20U);
}

// By hand: squares of 2 x 2 in squares of 4 x 4, each from its upper left to its lower right.
TEST(UnitReceptiveField, PositionsNearEachOtherFollowEachOther) {
  std::vector<int64_t> indices;
  LayerShape shape = map_of(4, 5);
  shape.n = 2;
  for (const auto& [map, p, q] : draw_positions(shape, 40, 3, 11, 0)) {
    indices.push_back(100 * map + 10 * p + q);
  }
  EXPECT_THAT(indices,
              ElementsAre(0, 1, 10, 11, 2, 3, 12, 13, 20, 21, 30, 31, 22, 23, 32, 33, 4, 14, 24, 34,  //
                          100, 101, 110, 111, 102, 103, 112, 113, 120, 121, 130, 131, 122, 123, 132, 133, 104,
                          114, 124, 134));
}

TEST(UnitReceptiveField, AllPositionsAreTakenWhereThereAreFewer) {
  EXPECT_EQ(draw_positions(map_of(2, 3), 16, 0, 0, 0).size(), 6U);
}

TEST(UnitReceptiveField, EachImageHasItsOwnPositions) {
  const auto key = [](const std::vector<Position>& positions) {
    std::vector<int64_t> indices;
    indices.reserve(positions.size());
    for (const auto& position : positions) {
      indices.push_back(position.p * 10 + position.q);
    }
    return indices;
  };
  const auto shape = map_of(10, 10);
  EXPECT_EQ(key(draw_positions(shape, 5, 1, 2, 0)), key(draw_positions(shape, 5, 1, 2, 9)));
  EXPECT_NE(key(draw_positions(shape, 5, 1, 2, 0)), key(draw_positions(shape, 5, 1, 3, 0)));
  EXPECT_NE(key(draw_positions(shape, 5, 1, 2, 0)), key(draw_positions(shape, 5, 2, 2, 0)));
}

// The map 1 2 / 3 4 under a 2 x 2 filter with a pad of 1: at the first position only its last tap is inside.
TEST(UnitReceptiveField, TapsInThePaddingAreZero) {
  LayerShape shape = map_of(3, 3);
  shape.height = shape.width = 2;
  shape.r = shape.s = 2;
  shape.pads = {1, 1, 1, 1};
  const std::vector<float> map{1, 2, 3, 4};
  const std::vector<Position> positions{{0, 0, 0}, {0, 1, 1}, {0, 2, 1}};
  Matrix rows(3, 4);
  gather_inputs({map.data(), 1, 4, 4, 2, 1}, shape, 0, positions, 0, rows);
  EXPECT_THAT(rows.values, ElementsAre(0, 0, 0, 1, 1, 2, 3, 4, 3, 4, 0, 0));
}

// Two channels interleaved, each a group of its own.
TEST(UnitReceptiveField, GroupsReadTheirOwnChannelsInAnyMemoryOrder) {
  LayerShape shape = map_of(1, 2);
  shape.groups = 2;
  const std::vector<float> map{1, 10, 2, 20};
  const std::vector<Position> positions{{0, 0, 0}, {0, 0, 1}};
  Matrix rows(2, 1);
  const MapView view{map.data(), 1, 4, 1, 4, 2};
  gather_inputs(view, shape, 1, positions, 0, rows);
  EXPECT_THAT(rows.values, ElementsAre(10, 20));
  Matrix outputs(2, 2);
  gather_outputs(view, positions, 0, outputs);
  EXPECT_THAT(outputs.values, ElementsAre(1, 10, 2, 20));
}

}  // namespace
}  // namespace mj
