#include <cblas.h>

#include <algorithm>
#include <vector>

#include "base/threads.h"
#include "prune/output_effect.h"

namespace mj {
namespace {

constexpr int64_t row_block = 64;

// Holds v_i = X^T r_i for each row; r is the residual Y - X A^T. With a_j restored the squared error falls by
// ||r||^2 - ||r - x_j a_j||^2 = 2 a_j v_j - a_j^2 H_jj, and v by H[:,j] a_j.
class L2Effect : public OutputEffect {
 public:
  L2Effect(const LayerProblem& problem, const Support& kept, int threads)
      : problem_(problem), d_(problem.weights.columns), v_(problem.weights.values.size()) {
    const auto blocks = static_cast<std::size_t>((problem.weights.rows + row_block - 1) / row_block);
    const Matrix present = masked(problem.weights, kept);
    parallel_for(blocks, threads,
                 [&](std::size_t i) { start_rows(present, static_cast<int64_t>(i) * row_block); });
  }

  void set_gains(std::span<RowCandidates* const> rows) const override {
    for (auto* row : rows) {
      const double* v = v_.data() + row->row * d_;
      const float* weights = problem_.weights.row(row->row);
      for (auto& candidate : row->removed) {
        const int64_t j = candidate.column;
        const double a = weights[j];
        candidate.gain = static_cast<float>(a * (2 * v[j] - a * gram_row(j)[j]));
      }
    }
  }

  void restore(std::span<const RowRestored> rows, int threads) override {
    parallel_for(rows.size(), threads, [&](std::size_t i) {
      double* v = v_.data() + rows[i].row * d_;
      for (const auto& restored : rows[i].weights) {
        const double a = problem_.weights.at(rows[i].row, restored.column);
        cblas_daxpy(static_cast<int>(d_), -a, gram_row(restored.column), 1, v, 1);
      }
    });
  }

 private:
  [[nodiscard]] const double* gram_row(int64_t j) const { return problem_.gram.data() + j * d_; }

  // v = C^T - A H
  void start_rows(const Matrix& present, int64_t first) {
    const int64_t m = present.rows;
    const int64_t rows = std::min(row_block, m - first);
    double* v = v_.data() + first * d_;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < d_; ++j) {
        v[i * d_ + j] = problem_.correlation[static_cast<std::size_t>(j * m + first + i)];
      }
    }
    const std::vector<double> block(present.row(first), present.row(first) + rows * d_);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(rows), static_cast<int>(d_),
                static_cast<int>(d_), -1.0, block.data(), static_cast<int>(d_), problem_.gram.data(),
                static_cast<int>(d_), 1.0, v, static_cast<int>(d_));
  }

  const LayerProblem& problem_;
  int64_t d_;
  std::vector<double> v_;
};

}  // namespace

std::unique_ptr<OutputEffect> make_l2_effect(const LayerProblem& problem, const Support& kept, int threads) {
  return std::make_unique<L2Effect>(problem, kept, threads);
}

}  // namespace mj
