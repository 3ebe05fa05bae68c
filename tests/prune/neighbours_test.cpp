#include "prune/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

using testing::ElementsAre;

Matrix column_of(std::vector<float> values) {
  Matrix column(static_cast<int64_t>(values.size()), 1);
  column.values = std::move(values);
  return column;
}

// By hand, two neighbours that agree 1.6 times: b = .6, a = .4, and what they differ in shrinks to the root
// of .4 / 1.6, a half.
TEST(UnitNeighbours, DifferencesFromTheirMeanShrink) {
  Matrix rows(4, 2);
  rows.values = {1, 10, 3, 10, -2, 0, 2, 8};
  join_neighbours(rows, {4, 2, 1.6});
  EXPECT_THAT(rows.values, testing::Pointwise(testing::FloatNear(1e-6F),
                                              std::vector<float>{1.5F, 10, 2.5F, 10, -1, 2, 1, 6}));
}

// The sum itself, over ten lots of four rows.
TEST(PropertyNeighbours, SquaresCountAsTheFormSays) {
  constexpr int64_t n = 4;
  for (const double agreement : {1.0, 1.7, 3.9, 4.0}) {
    const Matrix errors = normal_matrix(40, 3, 5);
    const double b = (agreement - 1) / (n - 1);
    double wanted = 0;
    for (int64_t first = 0; first < errors.rows; first += n) {
      for (int64_t j = 0; j < errors.columns; ++j) {
        double sum = 0;
        for (int64_t i = first; i < first + n; ++i) {
          const double error = errors.at(i, j);
          wanted += (1 - b) * error * error;
          sum += error;
        }
        wanted += b * sum * sum;
      }
    }
    Matrix joined = errors;
    join_neighbours(joined, {8, n, agreement});
    double squares = 0;
    for (const float value : joined.values) {
      squares += static_cast<double>(value) * value;
    }
    EXPECT_NEAR(squares, wanted / agreement, 1e-4 * wanted) << agreement;
  }
}

TEST(UnitNeighbours, NoneStandsWithAnotherImages) {
  Matrix rows = column_of({1, 3, 7, 20, 30, 50});
  join_neighbours(rows, {3, 2, 2});
  EXPECT_THAT(rows.values, ElementsAre(2, 2, 7, 25, 25, 50));
}

TEST(UnitNeighbours, ThoseThatAgreeMoreThanTheyAreManyAreOne) {
  Matrix rows = column_of({1, 3});
  join_neighbours(rows, {2, 2, 7});
  EXPECT_THAT(rows.values, ElementsAre(2, 2));
}

TEST(UnitNeighbours, ThoseThatDoNotAgreeStay) {
  Matrix rows = column_of({1, 3});
  join_neighbours(rows, {2, 2, 0.5});
  EXPECT_THAT(rows.values, ElementsAre(1, 3));
}

TEST(UnitNeighbours, RowsLeftOverAreAFault) {
  Matrix rows(3, 1);
  EXPECT_THROW(join_neighbours(rows, {2, 2, 1.5}), InternalError);
}

}  // namespace
}  // namespace mj
