#include "prune/cholesky.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "prune/single_threaded_blas.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

/// X^T X of normal samples, and .1 on the diagonal.
Matrix positive_definite(int64_t n) {
  Matrix transposed(n, 2 * n);
  transposed.values = normal_matrix(n, 2 * n, static_cast<uint64_t>(n)).values;
  Matrix gram = times_transposed(transposed, transposed);
  for (int64_t i = 0; i < n; ++i) {
    gram.at(i, i) += 0.1F;
  }
  return gram;
}

Cholesky factor_of(const Matrix& matrix, int threads = 1) {
  Cholesky factor(matrix.rows);
  for (int64_t i = 0; i < matrix.rows; ++i) {
    std::copy_n(matrix.row(i) + i, matrix.rows - i, factor.row(i) + i);
  }
  EXPECT_TRUE(factor.factorize(threads));
  return factor;
}

// Fewer columns than a block, a whole one, and some blocks with a rest.
constexpr std::array<int64_t, 4> sizes{1, 13, 64, 150};

TEST(PropertyCholesky, SolvedRowsTimesTheMatrixAreTheRightSides) {
  for (const int64_t n : sizes) {
    const Matrix matrix = positive_definite(n);
    const Matrix sides = normal_matrix(3, n, 2);
    Matrix rows = sides;
    factor_of(matrix).solve(rows.values.data(), 3);
    const Matrix product = times_transposed(rows, matrix);
    for (std::size_t i = 0; i < sides.values.size(); ++i) {
      ASSERT_NEAR(product.values[i], sides.values[i], 1e-3) << n;
    }
  }
}

TEST(PropertyCholesky, TheInverseFactorTimesItsTransposeIsTheInverse) {
  for (const int64_t n : sizes) {
    const Matrix matrix = positive_definite(n);
    Matrix inverse_factor(n, n);
    inverse_factor.values = factor_of(matrix).take_inverse_factor();
    const Matrix product = times_transposed(times_transposed(inverse_factor, inverse_factor), matrix);
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        ASSERT_NEAR(product.at(i, j), i == j ? 1 : 0, 1e-3) << n;
        ASSERT_TRUE(j >= i || inverse_factor.at(i, j) == 0);
      }
    }
  }
}

// More rows than are factorized at once.
TEST(PropertyCholesky, ALargeFactorIsTheSameForAnyNumberOfThreadsAndSolves) {
  const SingleThreadedBlas guard;
  constexpr int64_t n = 1700;
  Matrix matrix = normal_matrix(n, n, 1);
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      matrix.at(i, j) = matrix.at(j, i);
    }
    matrix.at(i, i) = 3 * std::sqrt(static_cast<float>(n));  // Wigner: eigenvalues from -2 to 2 roots of n.
  }
  const Matrix sides = normal_matrix(3, n, 2);
  Matrix one = sides;
  factor_of(matrix, 1).solve(one.values.data(), 3);
  Matrix two = sides;
  factor_of(matrix, 2).solve(two.values.data(), 3);
  EXPECT_EQ(one.values, two.values);
  const Matrix product = times_transposed(one, matrix);
  for (std::size_t i = 0; i < sides.values.size(); ++i) {
    ASSERT_NEAR(product.values[i], sides.values[i], 1e-3);
  }
}

TEST(UnitCholesky, AFactorByHand) {
  // [4 2; 2 5] = R^T R with R = [2 1; 0 2]; (8 12) times its inverse is (1 2).
  const Matrix matrix = matrix_of(2, 2, {4, 2, 2, 5});
  Matrix row = matrix_of(1, 2, {8, 12});
  factor_of(matrix).solve(row.values.data(), 1);
  EXPECT_NEAR(row.at(0, 0), 1, 1e-6);
  EXPECT_NEAR(row.at(0, 1), 2, 1e-6);
}

TEST(UnitCholesky, AMatrixThatIsNotPositiveDefiniteHasNone) {
  Cholesky factor(2);
  factor.row(0)[0] = 1;
  factor.row(0)[1] = 2;
  factor.row(1)[1] = 1;
  EXPECT_FALSE(factor.factorize(1));
}

}  // namespace
}  // namespace mj
