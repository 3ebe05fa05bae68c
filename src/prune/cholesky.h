#pragma once

#include <cstdint>
#include <vector>

namespace mj {

/// A = R^T R with R upper triangular, in single precision. The blocks on R's diagonal are inverted once, so
/// that all else is matrix products, which OpenBLAS computes about twice as fast as it solves with a
/// triangle.
class Cholesky {
 public:
  explicit Cholesky(int64_t n);

  /// Row i of A, which factorize overwrites: only what stands from the diagonal on counts.
  float* row(int64_t i) { return factor_.data() + i * n_; }

  /// Whether A was positive definite in single precision; if not, its rows have to be set anew.
  [[nodiscard]] bool factorize(int threads);

  /// x = b A^-1 for each of `count` rows b of n values, in place. May run in many threads.
  void solve(float* rows, int64_t count) const;

  /// R^-1, upper triangular with zeros below; R is given up.
  std::vector<float> take_inverse_factor();

 private:
  int64_t blocks() const;
  int64_t width(int64_t block) const;
  bool factorize_rows(int threads);

  int64_t n_;
  std::vector<float> factor_;    ///< n x n, row-major
  std::vector<float> inverses_;  ///< of the blocks on the diagonal, one below the other
};

}  // namespace mj
