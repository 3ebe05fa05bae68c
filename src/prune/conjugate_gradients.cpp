#include "prune/conjugate_gradients.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_together = 128;
constexpr int most_iterations = 50;

/// Products with the Gram matrix, in single precision.
class GramProducts {
 public:
  explicit GramProducts(const LayerProblem& problem) : problem_(problem) {
    if (!has_few_samples(problem)) {
      gram_.assign(problem.gram.begin(), problem.gram.end());
    }
  }

  /// product = vectors * H, a vector a row.
  void multiply(const Matrix& vectors, Matrix& product) const {
    const auto b = static_cast<int>(vectors.rows);
    const auto d = static_cast<int>(vectors.columns);
    if (!has_few_samples(problem_)) {
      // Not ssymm, whose arranging of the matrix takes a fifth of the time.
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, b, d, d, 1, vectors.values.data(), d,
                  gram_.data(), d, 0, product.values.data(), d);
      return;
    }
    const auto n = static_cast<int>(problem_.inputs.rows);
    std::vector<float> outputs(static_cast<std::size_t>(b) * static_cast<std::size_t>(n));
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b, n, d, 1, vectors.values.data(), d,
                problem_.inputs.values.data(), d, 0, outputs.data(), n);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, b, d, n, 1, outputs.data(), n,
                problem_.inputs.values.data(), d, 0, product.values.data(), d);
  }

 private:
  const LayerProblem& problem_;
  std::vector<float> gram_;
};

/// Some rows of the problem; all matrices have a row for each of them and zeros outside the support.
class Block {
 public:
  Block(const LayerProblem& problem, const Support& support, const GramProducts& products, double damping,
        std::span<const int64_t> rows, Matrix& result)
      : problem_(problem),
        support_(support),
        products_(products),
        damping_(damping),
        rows_(rows),
        result_(result),
        inverse_diagonal_(inverse_diagonal(problem, damping)),
        norms_(rows.size()) {
    for (Matrix* matrix : {&residual_, &direction_, &product_}) {
      *matrix = Matrix(std::ssize(rows), problem.weights.columns);
    }
  }

  void solve() {
    start();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      norms_[i] = residual_norm(i);
      turn(i, 0);
    }
    for (int iteration = 0; iteration < most_iterations; ++iteration) {
      products_.multiply(direction_, product_);
      double gain = 0;
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        gain += step(i);
      }
      error_ -= gain;
      if (gain <= least_gain * std::max(error_, least_error_left * power_)) {
        return;
      }
    }
  }

 private:
  /// The residual of the present weights A: X^T (Y - X A^T) - damping (A - W), on the support.
  void start() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      std::copy_n(result_.row(rows_[i]), result_.columns, direction_.row(static_cast<int64_t>(i)));
    }
    products_.multiply(direction_, product_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      power_ += problem_.row_powers[static_cast<std::size_t>(rows_[i])];
      start_row(rows_[i], product_.row(static_cast<int64_t>(i)), residual_.row(static_cast<int64_t>(i)));
    }
    error_ += power_;
  }

  /// @param given A H
  void start_row(int64_t row, const float* given, float* residual) {
    for (int64_t j = 0; j < residual_.columns; ++j) {
      if (support_.is_kept(row, j)) {
        const double wanted = problem_.correlation[static_cast<std::size_t>(j * problem_.weights.rows + row)];
        const double missing = wanted - static_cast<double>(given[j]);
        const double weight = result_.at(row, j);
        error_ -= weight * (wanted + missing);
        residual[j] = static_cast<float>(
            missing - damping_ * (weight - static_cast<double>(problem_.weights.at(row, j))));
      }
    }
  }

  /// Squared, weighed by the preconditioner.
  double residual_norm(std::size_t i) const {
    const float* residual = residual_.row(static_cast<int64_t>(i));
    double norm = 0;
    for (int64_t j = 0; j < residual_.columns; ++j) {
      const double r = residual[j];
      norm += inverse_diagonal_[static_cast<std::size_t>(j)] * r * r;
    }
    return norm;
  }

  /// direction = preconditioned residual + share * direction
  void turn(std::size_t i, double share) {
    const auto row = static_cast<int64_t>(i);
    for (int64_t j = 0; j < residual_.columns; ++j) {
      const double z =
          inverse_diagonal_[static_cast<std::size_t>(j)] * static_cast<double>(residual_.at(row, j));
      direction_.at(row, j) = static_cast<float>(z + share * static_cast<double>(direction_.at(row, j)));
    }
  }

  /// What it gains.
  double step(std::size_t i) {
    const auto row = static_cast<int64_t>(i);
    double curvature = 0;
    for (int64_t j = 0; j < direction_.columns; ++j) {
      const double p = direction_.at(row, j);
      curvature += p * (static_cast<double>(product_.at(row, j)) + damping_ * p);
    }
    if (!(curvature > 0)) {
      return 0;  // nothing left to gain
    }
    const double length = norms_[i] / curvature;
    const double gain = length * norms_[i];
    for (int64_t j = 0; j < direction_.columns; ++j) {
      const double p = direction_.at(row, j);
      result_.at(rows_[i], j) += static_cast<float>(length * p);
      if (support_.is_kept(rows_[i], j)) {
        residual_.at(row, j) -=
            static_cast<float>(length * (static_cast<double>(product_.at(row, j)) + damping_ * p));
      }
    }
    const double next = residual_norm(i);
    turn(i, next / norms_[i]);
    norms_[i] = next;
    return gain;
  }

  const LayerProblem& problem_;
  const Support& support_;
  const GramProducts& products_;
  double damping_;
  std::span<const int64_t> rows_;
  Matrix& result_;
  std::vector<double> inverse_diagonal_;
  std::vector<double> norms_;  ///< of the rows' residuals
  double power_ = 0;           ///< of these rows' outputs
  double error_ = 0;           ///< of them
  Matrix residual_;
  Matrix direction_;
  Matrix product_;
};

}  // namespace

double flops_of_iteration(const LayerProblem& problem) {
  const auto d = static_cast<double>(problem.weights.columns);
  return has_few_samples(problem) ? 4 * static_cast<double>(problem.inputs.rows) * d : 2 * d * d;
}

void refit_iteratively(const LayerProblem& problem, const Support& support, double damping,
                       std::span<const int64_t> rows, int threads, Matrix& result) {
  const SingleThreadedBlas guard;
  const GramProducts products(problem);
  const std::size_t blocks = (rows.size() + rows_together - 1) / rows_together;
  parallel_for(blocks, threads_wanted(threads), [&](std::size_t block) {
    const std::size_t first = block * rows_together;
    Block(problem, support, products, damping,
          rows.subspan(first, std::min<std::size_t>(rows_together, rows.size() - first)), result)
        .solve();
  });
}

}  // namespace mj
