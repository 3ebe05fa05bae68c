#include "prune/conjugate_gradients.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "prune/single_threaded_blas.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_together = 128;
constexpr int most_iterations = 50;
constexpr double tolerance = 1e-3;  ///< of the first residual's norm

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
      cblas_ssymm(CblasRowMajor, CblasRight, CblasLower, b, d, 1, gram_.data(), d, vectors.values.data(), d,
                  0, product.values.data(), d);
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
        std::span<const int64_t> rows)
      : problem_(problem), support_(support), products_(products), damping_(damping), rows_(rows) {
    const auto count = std::ssize(rows);
    const int64_t d = problem.weights.columns;
    for (Matrix* matrix : {&change_, &residual_, &direction_, &product_}) {
      *matrix = Matrix(count, d);
    }
    inverse_diagonal_ = inverse_diagonal(problem, damping);
  }

  void solve() {
    start();
    std::vector<double> goodness(rows_.size());
    std::vector<double> goal(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      goodness[i] = residual_norm(i);
      turn(i, 0);
      goal[i] = tolerance * tolerance * goodness[i];
    }
    for (int iteration = 0; iteration < most_iterations && is_above(goodness, goal); ++iteration) {
      products_.multiply(direction_, product_);
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (goodness[i] > goal[i]) {
          goodness[i] = step(i, goodness[i]);
        }
      }
    }
  }

  void store(Matrix& result) const {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      for (int64_t j = 0; j < result.columns; ++j) {
        const bool kept = support_.is_kept(rows_[i], j);
        result.at(rows_[i], j) =
            kept ? problem_.weights.at(rows_[i], j) + change_.at(static_cast<int64_t>(i), j) : 0;
      }
    }
  }

 private:
  static bool is_above(const std::vector<double>& values, const std::vector<double>& limits) {
    return !std::equal(values.begin(), values.end(), limits.begin(), std::less_equal<>());
  }

  /// The residual of the present weights: X^T (Y - X W_S^T), on the support.
  void start() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const float* weights = problem_.weights.row(rows_[i]);
      float* kept = direction_.row(static_cast<int64_t>(i));
      for (int64_t j = 0; j < direction_.columns; ++j) {
        kept[j] = support_.is_kept(rows_[i], j) ? weights[j] : 0;
      }
    }
    products_.multiply(direction_, product_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      for (int64_t j = 0; j < residual_.columns; ++j) {
        const double wanted =
            problem_.correlation[static_cast<std::size_t>(j * problem_.weights.rows + rows_[i])];
        residual_.at(row, j) = support_.is_kept(rows_[i], j)
                                   ? static_cast<float>(wanted - static_cast<double>(product_.at(row, j)))
                                   : 0;
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

  /// From a residual of this norm to the next one's.
  double step(std::size_t i, double norm) {
    const auto row = static_cast<int64_t>(i);
    double curvature = 0;
    for (int64_t j = 0; j < direction_.columns; ++j) {
      const double p = direction_.at(row, j);
      curvature += p * (static_cast<double>(product_.at(row, j)) + damping_ * p);
    }
    if (!(curvature > 0)) {
      return 0;  // nothing left to gain
    }
    const double length = norm / curvature;
    for (int64_t j = 0; j < direction_.columns; ++j) {
      const double p = direction_.at(row, j);
      change_.at(row, j) += static_cast<float>(length * p);
      if (support_.is_kept(rows_[i], j)) {
        residual_.at(row, j) -=
            static_cast<float>(length * (static_cast<double>(product_.at(row, j)) + damping_ * p));
      }
    }
    const double next = residual_norm(i);
    turn(i, next / norm);
    return next;
  }

  const LayerProblem& problem_;
  const Support& support_;
  const GramProducts& products_;
  double damping_;
  std::span<const int64_t> rows_;
  std::vector<double> inverse_diagonal_;
  Matrix change_;  ///< of the weights
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
    Block part(problem, support, products, damping,
               rows.subspan(first, std::min<std::size_t>(rows_together, rows.size() - first)));
    part.solve();
    part.store(result);
  });
}

}  // namespace mj
