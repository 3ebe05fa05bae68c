#include "prune/sparse_gpt.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "prune/cholesky.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

constexpr int64_t columns_in_block = 128;
constexpr int64_t rows_in_block = 64;

// Where the first factorization fails, rounding is what is too large: some 1e-7 times the dimension.
constexpr double least_raised_damping = 1e-7;

/// The inverse of the damped Gram matrix as U^T U, and the dense minimum, in single precision as they only
/// choose. Columns stand in reverse order where U is computed: the Cholesky factor R of H, turned around, is
/// such that U is its inverse.
struct SweepStart {
  std::vector<float> factor;   ///< U, D x D, upper triangular, row-major
  std::vector<float> weights;  ///< M x D
};

/// H over its mean diagonal, and the damping raised where it has to be.
Cholesky reversed_factor(const LayerProblem& problem, double unit, double& damping, int threads) {
  const int64_t d = problem.weights.columns;
  Cholesky factor(d);
  for (;; damping = std::max(10 * damping, least_raised_damping)) {
    for (int64_t i = 0; i < d; ++i) {
      const double* from = problem.gram.data() + (d - 1 - i) * d;
      float* row = factor.row(i);
      for (int64_t j = i; j < d; ++j) {
        row[j] = static_cast<float>(from[d - 1 - j] / unit);
      }
      row[i] += static_cast<float>(damping);
    }
    if (factor.factorize(threads)) {
      return factor;
    }
  }
}

/// X^T Y / unit + damping W becomes the minimum, row by row.
std::vector<float> dense_weights(const LayerProblem& problem, const Cholesky& factor, double unit,
                                 double damping, int threads) {
  const int64_t d = problem.weights.columns;
  const int64_t m = problem.weights.rows;
  std::vector<float> weights(problem.weights.values.size());
  for_each_strip(m, rows_in_block, threads, [&](int64_t first, int64_t count) {
    const int64_t end = first + count;
    for (int64_t j = 0; j < d; ++j) {
      const double* correlation = problem.correlation.data() + j * m;
      for (int64_t i = first; i < end; ++i) {
        weights[static_cast<std::size_t>(i * d + d - 1 - j)] = static_cast<float>(
            correlation[i] / unit + damping * static_cast<double>(problem.weights.at(i, j)));
      }
    }
    factor.solve(weights.data() + first * d, count);
    for (int64_t i = first; i < end; ++i) {
      std::reverse(weights.begin() + i * d, weights.begin() + (i + 1) * d);
    }
  });
  return weights;
}

SweepStart start_of_sweep(const LayerProblem& problem, double damping, int threads) {
  const int64_t d = problem.weights.columns;
  const double mean = mean_diagonal(problem);
  const double unit = mean > 0 ? mean : 1;
  Cholesky reversed = reversed_factor(problem, unit, damping, threads);
  SweepStart start;
  start.weights = dense_weights(problem, reversed, unit, damping, threads);
  const std::vector<float> inverse = reversed.take_inverse_factor();
  start.factor.resize(inverse.size());
  for (int64_t i = 0; i < d; ++i) {  // Turned around and transposed.
    for (int64_t j = 0; j <= i; ++j) {
      start.factor[static_cast<std::size_t>((d - 1 - i) * d + d - 1 - j)] =
          inverse[static_cast<std::size_t>(j * d + i)];
    }
  }
  return start;
}

MJ_WIDE_REGISTERS void subtract(const float* step, float error, int64_t count, float* row) {
  for (int64_t k = 0; k < count; ++k) {
    row[k] -= error * step[k];
  }
}

/// U_jj^2 is the diagonal of the inverse over the columns from j on, and U_j / U_jj how those columns change
/// where j is removed.
class ColumnSweep {
 public:
  ColumnSweep(SweepStart start, int64_t rows, int64_t columns, int threads)
      : rows_(rows),
        columns_(columns),
        threads_(threads),
        factor_(std::move(start.factor)),
        weights_(std::move(start.weights)) {}

  /// The columns first..first+width, sqrt of the loss of each weight.
  Matrix root_losses(int64_t first, int64_t width) const {
    Matrix losses(rows_, width);
    for (int64_t i = 0; i < rows_; ++i) {
      for (int64_t j = 0; j < width; ++j) {
        losses.at(i, j) = weights_[at(i, first + j)] / factor_[at(first + j, first + j)];
      }
    }
    return losses;
  }

  /// Removes what `kept` lacks of these columns, and makes up for it to the right.
  void remove(const Support& kept, int64_t first) {
    for_each_strip(rows_, rows_in_block, threads_,
                   [&](int64_t row, int64_t count) { remove_from_rows(kept, first, row, count); });
  }

 private:
  std::size_t at(int64_t i, int64_t j) const { return static_cast<std::size_t>(i * columns_ + j); }

  void remove_from_rows(const Support& kept, int64_t first, int64_t first_row, int64_t count) {
    const int64_t width = kept.columns;
    const int64_t end = first + width;
    std::vector<float> errors(static_cast<std::size_t>(count * width));
    for (int64_t i = 0; i < count; ++i) {
      float* row = weights_.data() + at(first_row + i, 0);
      for (int64_t j = 0; j < width; ++j) {
        if (kept.is_kept(first_row + i, j)) {
          continue;
        }
        const float* step = factor_.data() + at(first + j, 0);
        const float error = row[first + j] / step[first + j];
        errors[static_cast<std::size_t>(i * width + j)] = error;
        subtract(step + first + j, error, width - j, row + first + j);
      }
    }
    if (end < columns_) {
      const auto n = static_cast<int>(columns_);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(count),
                  static_cast<int>(columns_ - end), static_cast<int>(width), -1.0, errors.data(),
                  static_cast<int>(width), factor_.data() + at(first, end), n, 1.0,
                  weights_.data() + at(first_row, end), n);
    }
  }

  int64_t rows_, columns_;
  int threads_;
  std::vector<float> factor_;   ///< U, row-major
  std::vector<float> weights_;  ///< M x D, made up for what is removed so far
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
  const int threads = threads_wanted(options.threads);
  ColumnSweep sweep(start_of_sweep(problem, options.damping, threads), candidates.rows, d, threads);
  Support kept = candidates;
  int64_t seen = 0;
  for (int64_t first = 0; first < d; first += columns_in_block) {
    const int64_t width = std::min(columns_in_block, d - first);
    const auto part = columns_of(candidates, first, width);
    const int64_t before = keep * seen / available;
    seen += count_kept(part);
    Matrix losses = sweep.root_losses(first, width);
    divide_by_root_prices(problem, first, losses);
    const auto chosen = keep_largest(losses, part, keep * seen / available - before, options.scope);
    sweep.remove(chosen, first);
    set_columns(chosen, first, kept);
  }
  return kept;
}

}  // namespace mj
