#include "prune/sparse_gpt.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/error.h"
#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t columns_in_block = 128;
constexpr int64_t rows_in_block = 32;

/// G = U^T U with U upper triangular: U_jj^2 is the diagonal of the inverse over the columns from j on, and
/// U_j / U_jj how those columns change where j is removed.
class ColumnSweep {
 public:
  ColumnSweep(DenseMinimum minimum, int64_t rows, int64_t columns, int threads)
      : rows_(rows),
        columns_(columns),
        threads_(threads),
        factor_(std::move(minimum.inverse)),
        weights_(std::move(minimum.weights)) {
    const auto n = static_cast<lapack_int>(columns);
    ensure(LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', n, factor_.data(), n) == 0,
           "the inverse of a positive definite matrix is so too");
  }

  /// The columns first..first+width, sqrt of the loss of each weight.
  Matrix root_losses(int64_t first, int64_t width) const {
    Matrix losses(rows_, width);
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        losses.at(i, j) = static_cast<float>(weights_[at(i, first + j)] / factor_[at(first + j, first + j)]);
      }
    }
    return losses;
  }

  /// Removes what `kept` lacks of these columns, and makes up for it to the right.
  void remove(const Support& kept, int64_t first) {
    parallel_for(static_cast<std::size_t>((rows_ + rows_in_block - 1) / rows_in_block), threads_,
                 [&](std::size_t block) {
                   const int64_t row = static_cast<int64_t>(block) * rows_in_block;
                   remove_from_rows(kept, first, row, std::min(rows_in_block, rows_ - row));
                 });
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  void remove_from_rows(const Support& kept, int64_t first, int64_t first_row, int64_t count) {
    const int64_t width = kept.columns;
    const int64_t end = first + width;
    std::vector<double> errors(static_cast<std::size_t>(count * width));
    for (int64_t i = 0; i < count; ++i) {
      double* row = weights_.data() + at(first_row + i, 0);
      for (int64_t j = 0; j < width; ++j) {
        if (kept.is_kept(first_row + i, j)) {
          continue;
        }
        const double* step = factor_.data() + at(first + j, 0);
        const double error = row[first + j] / step[first + j];
        errors[static_cast<std::size_t>(i * width + j)] = error;
        for (int64_t k = first + j; k < end; ++k) {
          row[k] -= error * step[k];
        }
      }
    }
    if (end < columns_) {
      const auto n = static_cast<int>(columns_);
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(count),
                  static_cast<int>(columns_ - end), static_cast<int>(width), -1.0, errors.data(),
                  static_cast<int>(width), factor_.data() + at(first, end), n, 1.0,
                  weights_.data() + at(first_row, end), n);
    }
  }

  int64_t rows_, columns_;
  int threads_;
  std::vector<double> factor_;   ///< U, row-major
  std::vector<double> weights_;  ///< M x D, made up for what is removed so far
};

Support columns_of(const Support& support, int64_t first, int64_t width) {
  Support part{support.rows, width, {}};
  for (int64_t i = 0; i < support.rows; ++i) {
    const auto start = support.kept.begin() + i * support.columns + first;
    part.kept.insert(part.kept.end(), start, start + width);
  }
  return part;
}

void set_columns(const Support& part, int64_t first, Support& support) {
  for (int64_t i = 0; i < part.rows; ++i) {
    const auto start = part.kept.begin() + i * part.columns;
    std::copy(start, start + part.columns, support.kept.begin() + i * support.columns + first);
  }
}

}  // namespace

Support choose_support_by_sparse_gpt(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                     const SecondOrderOptions& options) {
  ensure_choice(problem, candidates, keep, options.damping);
  const int64_t available = count_kept(candidates);
  if (keep >= available) {
    return candidates;
  }
  const SingleThreadedBlas guard;
  const int64_t d = candidates.columns;
  ColumnSweep sweep(dense_minimum(problem, options.damping, options.threads), candidates.rows, d,
                    threads_wanted(options.threads));
  Support kept = candidates;
  int64_t seen = 0;
  for (int64_t first = 0; first < d; first += columns_in_block) {
    const int64_t width = std::min(columns_in_block, d - first);
    const auto part = columns_of(candidates, first, width);
    const int64_t before = keep * seen / available;
    seen += count_kept(part);
    const auto chosen =
        keep_largest(sweep.root_losses(first, width), part, keep * seen / available - before, options.scope);
    sweep.remove(chosen, first);
    set_columns(chosen, first, kept);
  }
  return kept;
}

}  // namespace mj
