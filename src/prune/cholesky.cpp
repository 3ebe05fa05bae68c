#include "prune/cholesky.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/error.h"
#include "prune/strips.h"

namespace mj {
namespace {

constexpr int64_t most_in_block = 64;
// OpenBLAS factorizes so many rows at nearly sgemm's rate on one thread; all that stands beside and behind
// them is spread.
constexpr int64_t rows_on_one_thread = 512;
constexpr int64_t most_in_strip = 256;

// to = from B for `rows` rows of w values, B w x w.
void multiply_block(const std::vector<float>& from, CBLAS_TRANSPOSE transposed, const float* b, int64_t rows,
                    int64_t w, float* to, int64_t stride) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed, static_cast<int>(rows), static_cast<int>(w),
              static_cast<int>(w), 1, from.data(), static_cast<int>(w), b, static_cast<int>(most_in_block), 0,
              to, static_cast<int>(stride));
}

void copy_block(const float* from, int64_t stride, int64_t rows, int64_t w, std::vector<float>& to) {
  for (int64_t i = 0; i < rows; ++i) {
    std::copy_n(from + i * stride, w, to.data() + i * w);
  }
}

}  // namespace

Cholesky::Cholesky(int64_t n) : n_(n), factor_(static_cast<std::size_t>(n * n)) {
  inverses_.resize(static_cast<std::size_t>(n * most_in_block));
}

int64_t Cholesky::blocks() const {
  return (n_ + most_in_block - 1) / most_in_block;
}

int64_t Cholesky::width(int64_t block) const {
  return std::min(most_in_block, n_ - block * most_in_block);
}

bool Cholesky::factorize_rows(int threads) {
  const auto n = static_cast<lapack_int>(n_);
  for (int64_t first = 0; first < n_;) {
    // With less than three times as many left there is too little to spread.
    const int64_t count = n_ - first < 3 * rows_on_one_thread ? n_ - first : rows_on_one_thread;
    const int64_t end = first + count;
    float* diagonal = row(first) + first;
    if (LAPACKE_spotrf_work(LAPACK_COL_MAJOR, 'L', static_cast<lapack_int>(count), diagonal, n) != 0) {
      return false;
    }
    for_each_strip(n_ - end, most_in_strip, threads, [&](int64_t strip, int64_t columns) {
      cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, static_cast<int>(count),
                  static_cast<int>(columns), 1, diagonal, n, row(first) + end + strip, n);
    });
    for_each_strip(n_ - end, most_in_strip, threads, [&](int64_t strip, int64_t columns) {
      const float* beside = row(first) + end + strip;
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(columns),
                  static_cast<int>(n_ - end - strip), static_cast<int>(count), -1, beside, n, beside, n, 1,
                  row(end + strip) + end + strip, n);
    });
    first = end;
  }
  return true;
}

bool Cholesky::factorize(int threads) {
  if (!factorize_rows(threads)) {
    return false;
  }
  for (int64_t block = 0; block < blocks(); ++block) {
    const int64_t first = block * most_in_block;
    float* inverse = inverses_.data() + first * most_in_block;
    for (int64_t i = 0; i < width(block); ++i) {
      std::fill_n(inverse + i * most_in_block, i, 0.0F);
      std::copy_n(row(first + i) + first + i, width(block) - i, inverse + i * most_in_block + i);
    }
    ensure(LAPACKE_strtri_work(LAPACK_COL_MAJOR, 'L', 'N', static_cast<lapack_int>(width(block)), inverse,
                               static_cast<lapack_int>(most_in_block)) == 0,
           "a Cholesky factor has an inverse");
  }
  return true;
}

void Cholesky::solve(float* rows, int64_t count) const {
  const auto n = static_cast<int>(n_);
  const auto m = static_cast<int>(count);
  std::vector<float> side(static_cast<std::size_t>(count * most_in_block));
  for (int64_t block = 0; block < blocks(); ++block) {  // y R = b
    const int64_t first = block * most_in_block;
    if (first > 0) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, static_cast<int>(width(block)),
                  static_cast<int>(first), -1, rows, n, factor_.data() + first, n, 1, rows + first, n);
    }
    copy_block(rows + first, n_, count, width(block), side);
    multiply_block(side, CblasNoTrans, inverses_.data() + first * most_in_block, count, width(block),
                   rows + first, n_);
  }
  for (int64_t block = blocks() - 1; block >= 0; --block) {  // x R^T = y
    const int64_t first = block * most_in_block;
    const int64_t end = first + width(block);
    if (end < n_) {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, static_cast<int>(width(block)),
                  static_cast<int>(n_ - end), -1, rows + end, n, factor_.data() + first * n_ + end, n, 1,
                  rows + first, n);
    }
    copy_block(rows + first, n_, count, width(block), side);
    multiply_block(side, CblasTrans, inverses_.data() + first * most_in_block, count, width(block),
                   rows + first, n_);
  }
}

std::vector<float> Cholesky::take_inverse_factor() {
  const auto n = static_cast<int>(n_);
  std::vector<float> side(static_cast<std::size_t>(n_ * most_in_block));
  for (int64_t block = 0; block < blocks(); ++block) {
    const int64_t first = block * most_in_block;
    const int64_t w = width(block);
    const float* inverse = inverses_.data() + first * most_in_block;
    // Above the block -R_00^-1 R_01 R_11^-1; R_00^-1 stands in R_00's place already.
    copy_block(factor_.data() + first, n_, first, w, side);
    if (first > 0) {
      cblas_strmm(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, static_cast<int>(first),
                  static_cast<int>(w), -1, factor_.data(), n, side.data(), static_cast<int>(w));
      multiply_block(side, CblasNoTrans, inverse, first, w, factor_.data() + first, n_);
    }
    for (int64_t i = 0; i < w; ++i) {
      std::fill_n(row(first + i), first, 0.0F);
      std::copy_n(inverse + i * most_in_block, w, row(first + i) + first);
    }
  }
  return std::move(factor_);
}

}  // namespace mj
