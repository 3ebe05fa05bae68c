#include "prune/inner_products.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/threads.h"
#include "prune/single_threaded_blas.h"

namespace mj {
namespace {

// Long enough for dgemm to run at full speed, short enough for the samples in double to stay in the cache.
constexpr int64_t most_rows_at_once = 512;
constexpr int64_t panel_rows = 128;

void widen(const Matrix& from, int64_t first_row, int64_t rows, std::vector<double>& to) {
  const float* start = from.row(first_row);
  std::copy(start, start + rows * from.columns, to.begin());
}

// Adds the chunk's part to rows `first`.. of the lower triangle of X^T X and to those rows of X^T Y.
void add_panel(const std::vector<double>& x, const std::vector<double>& y, int64_t samples, int64_t first,
               int64_t d, int64_t m, InnerProducts& sums) {
  const int64_t width = std::min(panel_rows, d - first);
  double* gram = sums.gram.data() + first * d;
  if (first > 0) {
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(width), static_cast<int>(first),
                static_cast<int>(samples), 1.0, x.data() + first, static_cast<int>(d), x.data(),
                static_cast<int>(d), 1.0, gram, static_cast<int>(d));
  }
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, static_cast<int>(width), static_cast<int>(samples), 1.0,
              x.data() + first, static_cast<int>(d), 1.0, gram + first, static_cast<int>(d));
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, static_cast<int>(width), static_cast<int>(m),
              static_cast<int>(samples), 1.0, x.data() + first, static_cast<int>(d), y.data(),
              static_cast<int>(m), 1.0, sums.correlation.data() + first * m, static_cast<int>(m));
}

void mirror_lower(std::vector<double>& square, int64_t d) {
  for (int64_t i = 0; i < d; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      square[static_cast<std::size_t>(j * d + i)] = square[static_cast<std::size_t>(i * d + j)];
    }
  }
}

}  // namespace

InnerProducts inner_products(const Matrix& x, const Matrix& y, int threads) {
  const SingleThreadedBlas guard;
  const int64_t d = x.columns;
  const int64_t m = y.columns;
  const int64_t chunk = std::min(most_rows_at_once, x.rows);
  InnerProducts sums;
  sums.gram.resize(static_cast<std::size_t>(d * d));
  sums.correlation.resize(static_cast<std::size_t>(d * m));
  std::vector<double> x_chunk(static_cast<std::size_t>(chunk * d));
  std::vector<double> y_chunk(static_cast<std::size_t>(chunk * m));
  const int64_t panels = (d + panel_rows - 1) / panel_rows;
  for (int64_t row = 0; row < x.rows; row += chunk) {
    const int64_t samples = std::min(chunk, x.rows - row);
    widen(x, row, samples, x_chunk);
    widen(y, row, samples, y_chunk);
    // The longest panels first, so that the threads end together.
    parallel_for(static_cast<std::size_t>(panels), threads, [&](std::size_t i) {
      const int64_t first = (panels - 1 - static_cast<int64_t>(i)) * panel_rows;
      add_panel(x_chunk, y_chunk, samples, first, d, m, sums);
    });
  }
  mirror_lower(sums.gram, d);
  return sums;
}

}  // namespace mj
