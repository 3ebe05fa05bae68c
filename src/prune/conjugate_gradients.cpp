#include "prune/conjugate_gradients.h"

#include <cblas.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "prune/cholesky.h"
#include "prune/dot.h"
#include "prune/row_systems.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"

namespace mj {
namespace {

constexpr int64_t rows_together = 128;
/// Of the error that is left, what a solution for samples may be above the least.
constexpr double most_missed = 1e-4;
/// Of the inputs' power: less damping than that drowns in the rounding of X X^T.
constexpr double least_share_of_power = 1e-6;

/// c = a b, or a b^T.
void multiply(const Matrix& a, CBLAS_TRANSPOSE transposed, const Matrix& b, Matrix& c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed, static_cast<int>(a.rows), static_cast<int>(c.columns),
              static_cast<int>(a.columns), 1, a.values.data(), static_cast<int>(a.columns), b.values.data(),
              static_cast<int>(b.columns), 0, c.values.data(), static_cast<int>(c.columns));
}

/// Some rows of a layer, to be refitted.
struct Rows {
  const LayerProblem& problem;
  const Support& support;
  double damping;
  std::span<const int64_t> numbers;

  [[nodiscard]] int64_t number(int64_t i) const { return numbers[static_cast<std::size_t>(i)]; }

  [[nodiscard]] Matrix of(const Matrix& all) const {
    Matrix some(std::ssize(numbers), all.columns);
    for (int64_t i = 0; i < some.rows; ++i) {
      std::copy_n(all.row(number(i)), all.columns, some.row(i));
    }
    return some;
  }

  /// Sets to 0 what is not kept.
  void mask(Matrix& values) const {
    for (int64_t i = 0; i < values.rows; ++i) {
      const uint8_t* kept = support.kept.data() + number(i) * support.columns;
      std::transform(values.row(i), values.row(i) + values.columns, kept, values.row(i),
                     [](float value, uint8_t is_kept) { return is_kept != 0 ? value : 0; });
    }
  }

  [[nodiscard]] double output_power() const {
    return std::accumulate(numbers.begin(), numbers.end(), 0.0, [&](double sum, int64_t i) {
      return sum + problem.row_powers[static_cast<std::size_t>(i)];
    });
  }
};

/// sums += factor * more
void add_multiple(double factor, const Matrix& more, Matrix& sums) {
  const auto scale = static_cast<float>(factor);
  std::transform(sums.values.begin(), sums.values.end(), more.values.begin(), sums.values.begin(),
                 [scale](float sum, float value) { return sum + scale * value; });
}

/// (H_SS + damping I) a = X_S^T (Y - X A^T) - damping (A - W) for the change a from the weights A, S the
/// inputs that a row keeps; preconditioned by H's diagonal. All matrices have zeros outside of S.
class WeightSystems : public RowSystems {
 public:
  /// @param gram H in single precision; empty where products with X take less time
  WeightSystems(const Rows& rows, const Matrix& gram)
      : rows_(rows), gram_(gram), power_(rows.output_power()), error_(power_) {
    for (const double inverse : inverse_diagonal(rows.problem, rows.damping)) {
      inverse_diagonal_.push_back(static_cast<float>(inverse));
    }
  }

  /// The right-hand sides.
  Matrix residual(const Matrix& weights) {
    Matrix residual(weights.rows, weights.columns);
    multiply_gram(weights, residual);
    for (int64_t i = 0; i < weights.rows; ++i) {
      set_residual(rows_.number(i), weights.row(i), residual.row(i));
    }
    return residual;
  }

  void multiply(const Matrix& rows, Matrix& product) override {
    multiply_gram(rows, product);
    add_multiple(rows_.damping, rows, product);
    rows_.mask(product);
  }

  void precondition(const Matrix& rows, Matrix& product) override {
    for (int64_t i = 0; i < rows.rows; ++i) {
      std::transform(rows.row(i), rows.row(i) + rows.columns, inverse_diagonal_.begin(), product.row(i),
                     std::multiplies<>());
    }
  }

  bool is_solved(const Matrix& /*residual*/, const Matrix& /*solution*/, double gain) override {
    error_ -= gain;
    return gain <= least_gain * std::max(error_, least_error_left * power_);
  }

 private:
  void multiply_gram(const Matrix& rows, Matrix& product) const {
    if (!gram_.values.empty()) {
      // Not ssymm, whose arranging of the matrix takes a fifth of the time.
      mj::multiply(rows, CblasNoTrans, gram_, product);
      return;
    }
    Matrix outputs(rows.rows, rows_.problem.inputs.rows);
    mj::multiply(rows, CblasTrans, rows_.problem.inputs, outputs);
    mj::multiply(outputs, CblasNoTrans, rows_.problem.inputs, product);
  }

  /// @param[in,out] residual A H
  void set_residual(int64_t row, const float* weights, float* residual) {
    const LayerProblem& problem = rows_.problem;
    for (int64_t j = 0; j < problem.weights.columns; ++j) {
      double given = 0;
      if (rows_.support.is_kept(row, j)) {
        const double wanted = problem.correlation[static_cast<std::size_t>(j * problem.weights.rows + row)];
        const double missing = wanted - static_cast<double>(residual[j]);
        const double weight = weights[j];
        error_ -= weight * (wanted + missing);
        given = missing - rows_.damping * (weight - static_cast<double>(problem.weights.at(row, j)));
      }
      residual[j] = static_cast<float>(given);
    }
  }

  const Rows& rows_;
  const Matrix& gram_;
  double power_;
  double error_;  ///< of the outputs
  std::vector<float> inverse_diagonal_;
};

/// The least squares of a row that keeps more weights S than there are samples change the given weights W by
/// X_S^T u, where (X_S X_S^T + damping I) u = Y - X_S W_S. Rows keep different inputs, but each X_S X_S^T is
/// near to X X^T times the share of the inputs' power that S has, which is inverted once for all of them.
class SampleSystems : public RowSystems {
 public:
  SampleSystems(const Rows& rows, const Cholesky& near)
      : rows_(rows),
        near_(near),
        least_(least_error_left * rows.output_power()),
        on_support_(std::ssize(rows.numbers), rows.problem.weights.columns) {}

  /// The right-hand sides.
  Matrix residual() {
    const Matrix& outputs = rows_.problem.outputs;
    on_support_ = rows_.of(rows_.problem.weights);
    rows_.mask(on_support_);
    Matrix residual(on_support_.rows, outputs.rows);
    mj::multiply(on_support_, CblasTrans, rows_.problem.inputs, residual);
    for (int64_t k = 0; k < residual.columns; ++k) {
      for (int64_t i = 0; i < residual.rows; ++i) {
        residual.at(i, k) = outputs.at(k, rows_.number(i)) - residual.at(i, k);
      }
    }
    return residual;
  }

  Matrix weights(const Matrix& solution) {
    set_on_support(solution);
    add_multiple(1, rows_.of(rows_.problem.weights), on_support_);
    rows_.mask(on_support_);
    return on_support_;
  }

  void multiply(const Matrix& rows, Matrix& product) override {
    set_on_support(rows);
    mj::multiply(on_support_, CblasTrans, rows_.problem.inputs, product);
    add_multiple(rows_.damping, rows, product);
  }

  void precondition(const Matrix& rows, Matrix& product) override {
    product = rows;
    near_.solve(product.values.data(), product.rows);
  }

  /// With a residual r, the weights' outputs miss r + damping u, and no more than r^2 is left to gain.
  bool is_solved(const Matrix& residual, const Matrix& solution, double /*gain*/) override {
    const auto count = static_cast<int64_t>(residual.values.size());
    Matrix missed = residual;
    add_multiple(rows_.damping, solution, missed);
    const double error = dot(missed.values.data(), missed.values.data(), count);
    return dot(residual.values.data(), residual.values.data(), count) <=
           most_missed * std::max(error, least_);
  }

 private:
  /// U X, on S.
  void set_on_support(const Matrix& rows) {
    mj::multiply(rows, CblasNoTrans, rows_.problem.inputs, on_support_);
    rows_.mask(on_support_);
  }

  const Rows& rows_;
  const Cholesky& near_;
  double least_;
  Matrix on_support_;
};

/// Of the inputs' power, what rows keep on the average.
double kept_share(const Rows& all) {
  const LayerProblem& problem = all.problem;
  const auto columns = static_cast<std::size_t>(problem.weights.columns);
  std::vector<double> powers;  // In a row: the diagonal's values are a page or more apart.
  for (std::size_t j = 0; j < columns; ++j) {
    powers.push_back(problem.gram[j * columns + j]);
  }
  double kept = 0;
  for (const int64_t i : all.numbers) {
    const auto row = all.support.kept.begin() + i * all.support.columns;
    kept = std::inner_product(powers.begin(), powers.end(), row, kept);
  }
  const double power = std::accumulate(powers.begin(), powers.end(), 0.0);
  return kept / (power * static_cast<double>(all.numbers.size()));
}

/// What SampleSystems has as near to all rows' matrices; none where rounding leaves nothing of it.
std::optional<Cholesky> near_of(const Rows& all, int threads) {
  const Matrix& inputs = all.problem.inputs;
  const double power = mean_diagonal(all.problem) * static_cast<double>(inputs.columns);
  const auto share = static_cast<float>(kept_share(all));
  const auto damping = static_cast<float>(std::max(all.damping, least_share_of_power * power));
  Cholesky near(inputs.rows);
  for_each_strip(inputs.rows, rows_together, threads, [&](int64_t first, int64_t count) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<int>(count),
                static_cast<int>(inputs.rows - first), static_cast<int>(inputs.columns), share,
                inputs.row(first), static_cast<int>(inputs.columns), inputs.row(first),
                static_cast<int>(inputs.columns), 0, near.row(first) + first, static_cast<int>(inputs.rows));
    for (int64_t i = first; i < first + count; ++i) {
      near.row(i)[i] += damping;
    }
  });
  return near.factorize(threads) ? std::optional(std::move(near)) : std::nullopt;
}

/// Calls refit(some) for strips of rows; it gives their weights.
void for_strips_of(const Rows& all, int threads, Matrix& result,
                   const std::function<Matrix(const Rows& some)>& refit) {
  for_each_strip(std::ssize(all.numbers), rows_together, threads, [&](int64_t first, int64_t count) {
    const Rows some{all.problem, all.support, all.damping,
                    all.numbers.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count))};
    const Matrix refitted = refit(some);
    for (int64_t i = 0; i < count; ++i) {
      std::copy_n(refitted.row(i), refitted.columns, result.row(some.number(i)));
    }
  });
}

void solve_for_weights(const Rows& rows, int threads, Matrix& result) {
  Matrix gram;
  if (!has_few_samples(rows.problem)) {
    const std::vector<double>& products = rows.problem.gram;
    gram = Matrix(result.columns, result.columns, {products.begin(), products.end()});
  }
  for_strips_of(rows, threads, result, [&](const Rows& some) {
    WeightSystems systems(some, gram);
    Matrix weights = some.of(result);
    add_multiple(1, solve(systems, systems.residual(weights)), weights);
    return weights;
  });
}

void solve_for_samples(const Rows& rows, int threads, Matrix& result) {
  const std::optional<Cholesky> near = near_of(rows, threads);
  if (!near) {
    solve_for_weights(rows, threads, result);
    return;
  }
  for_strips_of(rows, threads, result, [&](const Rows& some) {
    SampleSystems systems(some, *near);
    return systems.weights(solve(systems, systems.residual()));
  });
}

}  // namespace

bool solves_for_samples(const LayerProblem& problem, int64_t kept, double damping) {
  return damping > 0 && has_few_samples(problem) && kept >= problem.inputs.rows;
}

double flops_of_iteration(const LayerProblem& problem) {
  const auto d = static_cast<double>(problem.weights.columns);
  return has_few_samples(problem) ? 4 * static_cast<double>(problem.inputs.rows) * d : 2 * d * d;
}

void refit_iteratively(const LayerProblem& problem, const Support& support, double damping,
                       std::span<const int64_t> rows, int threads, Matrix& result) {
  const SingleThreadedBlas guard;
  // By what they keep: rows of a strip are done when the last of them is.
  std::vector<std::pair<int64_t, int64_t>> kept_by_row;
  for (const int64_t i : rows) {
    const auto first = support.kept.begin() + i * support.columns;
    kept_by_row.emplace_back(std::count(first, first + support.columns, 1), i);
  }
  std::sort(kept_by_row.begin(), kept_by_row.end());
  std::vector<int64_t> for_weights;
  std::vector<int64_t> for_samples;
  for (const auto& [kept, row] : kept_by_row) {
    (solves_for_samples(problem, kept, damping) ? for_samples : for_weights).push_back(row);
  }
  if (!for_weights.empty()) {
    solve_for_weights({problem, support, damping, for_weights}, threads_wanted(threads), result);
  }
  if (!for_samples.empty()) {
    solve_for_samples({problem, support, damping, for_samples}, threads_wanted(threads), result);
  }
}

}  // namespace mj
