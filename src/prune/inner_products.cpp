#include "prune/inner_products.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/huge_pages.h"
#include "base/threads.h"
#include "prune/single_threaded_blas.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

// Long enough for products to run at full speed, short enough for single precision to sum.
constexpr int64_t rows_in_chunk = 512;
constexpr int64_t panel_rows = 384;

MJ_WIDE_REGISTERS void add(const float* part, int64_t count, double* sums) {
  for (int64_t i = 0; i < count; ++i) {
    sums[i] += static_cast<double>(part[i]);
  }
}

// Adds the chunk's part to rows `first`.. of the lower triangle of X^T X and to those rows of X^T Y.
// @param x, y  of the chunk
// @param part  as many rows of max(D, M)
void add_panel(const float* x, const float* y, int64_t samples, int64_t first, int64_t d, int64_t m,
               std::vector<float>& part, InnerProducts& sums) {
  const auto width = std::min(panel_rows, d - first);
  const auto w = static_cast<int>(width);
  const auto n = static_cast<int>(samples);
  const auto stride = static_cast<int>(first + width);
  if (first > 0) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, w, static_cast<int>(first), n, 1, x + first,
                static_cast<int>(d), x, static_cast<int>(d), 0, part.data(), stride);
  }
  cblas_ssyrk(CblasRowMajor, CblasLower, CblasTrans, w, n, 1, x + first, static_cast<int>(d), 0,
              part.data() + first, stride);
  for (int64_t i = 0; i < width; ++i) {
    add(part.data() + i * stride, first + i + 1, sums.gram.data() + (first + i) * d);
  }
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, w, static_cast<int>(m), n, 1, x + first,
              static_cast<int>(d), y, static_cast<int>(m), 0, part.data(), static_cast<int>(m));
  add(part.data(), width * m, sums.correlation.data() + first * m);
}

void mirror_lower(std::vector<double>& square, int64_t d) {
  constexpr int64_t tile = 32;  // Rows of a tile stay in the cache while its columns are written.
  for (int64_t row = 0; row < d; row += tile) {
    for (int64_t column = 0; column <= row; column += tile) {
      for (int64_t i = row; i < std::min(row + tile, d); ++i) {
        for (int64_t j = column; j < std::min(column + tile, i); ++j) {
          square[static_cast<std::size_t>(j * d + i)] = square[static_cast<std::size_t>(i * d + j)];
        }
      }
    }
  }
}

}  // namespace

InnerProducts inner_products(const Matrix& x, const Matrix& y, int threads) {
  const SingleThreadedBlas guard;
  const int64_t d = x.columns;
  const int64_t m = y.columns;
  InnerProducts sums;
  resize_in_huge_pages(sums.gram, static_cast<std::size_t>(d * d));
  sums.correlation.resize(static_cast<std::size_t>(d * m));
  const int64_t panels = (d + panel_rows - 1) / panel_rows;
  // The longest panels first, so that the threads end together.
  parallel_for(static_cast<std::size_t>(panels), threads, [&](std::size_t i) {
    const int64_t first = (panels - 1 - static_cast<int64_t>(i)) * panel_rows;
    std::vector<float> part(static_cast<std::size_t>(std::min(panel_rows, d) * std::max(d, m)));
    for (int64_t row = 0; row < x.rows; row += rows_in_chunk) {
      add_panel(x.row(row), y.row(row), std::min(rows_in_chunk, x.rows - row), first, d, m, part, sums);
    }
  });
  mirror_lower(sums.gram, d);
  return sums;
}

}  // namespace mj
