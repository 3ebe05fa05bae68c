#include "prune/coupling.h"

#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "base/error.h"
#include "prune/conjugate_gradients.h"
#include "prune/dot.h"
#include "prune/single_threaded_blas.h"
#include "prune/strips.h"
#include "prune/threads_wanted.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

constexpr int64_t rows_in_strip = 128;
constexpr int64_t columns_in_strip = 256;
constexpr int64_t samples_in_strip = 256;
constexpr int most_iterations_together = 100;

/// product = A B or A B^T, some columns at a time: so each part of B, the larger one mostly, is arranged for
/// the kernel once.
void multiply(const Matrix& a, const Matrix& b, CBLAS_TRANSPOSE transposed, int threads, Matrix& product) {
  const auto m = static_cast<int>(a.rows);
  const auto d = static_cast<int>(product.columns);
  const auto inner = static_cast<int>(a.columns);
  for_each_strip(product.columns, columns_in_strip, threads, [&](int64_t first, int64_t wide) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed, m, static_cast<int>(wide), inner, 1, a.values.data(),
                inner, transposed == CblasTrans ? b.row(first) : b.values.data() + first,
                static_cast<int>(b.columns), 0, product.values.data() + first, d);
  });
}

/// A = V^T diag(values) V, V's rows the eigenvectors, in place of A.
std::vector<float> take_eigenvectors(Matrix& a) {
  const auto n = static_cast<lapack_int>(a.rows);
  std::vector<float> values(static_cast<std::size_t>(n));
  // Some of OpenBLAS's kernels read a little past a matrix's end.
  constexpr std::size_t margin = 64;
  const std::size_t size = a.values.size();
  a.values.resize(size + margin);
  // As large as the routine is documented to need: what it answers when asked is rounded to single precision,
  // too small from 2,896 on.
  std::vector<float> work(1 + 6 * values.size() + 2 * size);
  std::vector<lapack_int> integers(3 + 5 * values.size());
  ensure(LAPACKE_ssyevd_work(LAPACK_COL_MAJOR, 'V', 'L', n, a.values.data(), n, values.data(), work.data(),
                             static_cast<lapack_int>(work.size()), integers.data(),
                             static_cast<lapack_int>(integers.size())) == 0,
         "a finite symmetric matrix has eigenvectors");
  a.values.resize(size);
  for (float& value : values) {
    value = std::max(value, 0.0F);
  }
  return values;
}

MJ_WIDE_REGISTERS void divide(int64_t count, const float* gram_values, float coupling_value, float r,
                              float* row) {
  for (int64_t j = 0; j < count; ++j) {
    row[j] /= coupling_value * gram_values[j] + r;
  }
}

Matrix in_single(const std::vector<double>& values, int64_t rows) {
  Matrix matrix(rows, std::ssize(values) / rows);
  std::copy(values.begin(), values.end(), matrix.values.begin());
  return matrix;
}

/// product = product + damping direction where kept, 0 elsewhere.
MJ_WIDE_REGISTERS void finish_product(int64_t count, float damping, const float* direction,
                                      const uint8_t* kept, float* product) {
  for (int64_t k = 0; k < count; ++k) {
    const float all = product[k] + damping * direction[k];
    product[k] = kept[k] != 0 ? all : 0;
  }
}

/// A += length direction, residual -= length product, turned = the preconditioned residual.
MJ_WIDE_REGISTERS void step_row(int64_t count, float length, const float* direction, const float* product,
                                const float* inverse_diagonal, float* weights, float* residual,
                                float* turned) {
  for (int64_t j = 0; j < count; ++j) {
    weights[j] += length * direction[j];
    residual[j] -= length * product[j];
    turned[j] = inverse_diagonal[j] * residual[j];
  }
}

/// direction = turned + share direction.
MJ_WIDE_REGISTERS void turn(int64_t count, float share, const float* turned, float* direction) {
  for (int64_t k = 0; k < count; ++k) {
    direction[k] = turned[k] + share * direction[k];
  }
}

/// Conjugate gradients over all of A, preconditioned by the diagonal of H.
class TogetherRefit {
 public:
  TogetherRefit(const LayerProblem& problem, const Support& support, double damping, int threads,
                Matrix& result)
      : problem_(problem),
        support_(support),
        damping_(static_cast<float>(damping)),
        threads_(threads),
        result_(result),
        gram_(in_single(problem.gram, result.columns)),
        between_(result.rows, result.columns),
        direction_(result.rows, result.columns),
        product_(result.rows, result.columns) {
    const std::vector<double> diagonal = inverse_diagonal(problem, damping);
    inverse_diagonal_.assign(diagonal.begin(), diagonal.end());
    start();
  }

  void run() {
    double norm = step(0);
    direction_ = between_;
    for (int iteration = 0; iteration < most_iterations_together; ++iteration) {
      const double curvature = multiply_direction();
      if (!(curvature > 0)) {
        return;
      }
      const double gain = norm * norm / curvature;
      error_ -= gain;
      const double next = step(static_cast<float>(norm / curvature));
      if (gain <= least_gain * std::max(error_, least_error_left * problem_.output_power)) {
        return;
      }
      const auto share = static_cast<float>(next / norm);
      for_each_strip(result_.rows, rows_in_strip, threads_, [&](int64_t first, int64_t wide) {
        turn(wide * result_.columns, share, between_.row(first), direction_.row(first));
      });
      norm = next;
    }
  }

 private:
  /// The gradient at the present weights, F (Y^T X - A H) - damping (A - W); in double, since on the support
  /// next to nothing is left of Y^T X - A H.
  void start() {
    const int64_t m = result_.rows;
    const int64_t d = result_.columns;
    Matrix& wanted = direction_;
    for_each_strip(m, rows_in_strip, threads_, [&](int64_t first, int64_t wide) {
      const std::vector<double> given = times_gram(problem_, result_, first, wide);
      for (int64_t i = 0; i < wide; ++i) {
        for (int64_t j = 0; j < d; ++j) {
          const double all = problem_.correlation[static_cast<std::size_t>(j * m + first + i)];
          wanted.at(first + i, j) = static_cast<float>(all);
          between_.at(first + i, j) = static_cast<float>(all - given[static_cast<std::size_t>(i * d + j)]);
        }
      }
    });
    residual_ = times_coupling(problem_.coupling, between_, threads_);
    multiply(problem_.coupling, wanted, CblasNoTrans, threads_, product_);
    error_ = problem_.output_power - sum_over_strips([&](std::size_t start, int64_t count) {
               const float* weights = result_.values.data() + start;
               return dot(weights, residual_.values.data() + start, count) +
                      dot(weights, product_.values.data() + start, count);
             });
    for (std::size_t k = 0; k < residual_.values.size(); ++k) {
      residual_.values[k] -= damping_ * (result_.values[k] - problem_.weights.values[k]);
    }
    residual_ = masked(residual_, support_);
  }

  /// F P H + damping P, on the support, of the direction P; the inner product of both.
  double multiply_direction() {
    multiply(direction_, gram_, CblasNoTrans, threads_, between_);
    multiply(problem_.coupling, between_, CblasNoTrans, threads_, product_);
    return sum_over_strips([&](std::size_t start, int64_t count) {
      const float* direction = direction_.values.data() + start;
      float* product = product_.values.data() + start;
      finish_product(count, damping_, direction, support_.kept.data() + start, product);
      return dot(direction, product, count);
    });
  }

  /// Goes along the direction, and makes between_ the preconditioned residual there.
  /// @return their inner product
  double step(float length) {
    return sum_over_strips([&](std::size_t start, int64_t count) {
      for (std::size_t k = start; k < start + static_cast<std::size_t>(count);
           k += inverse_diagonal_.size()) {
        step_row(result_.columns, length, direction_.values.data() + k, product_.values.data() + k,
                 inverse_diagonal_.data(), result_.values.data() + k, residual_.values.data() + k,
                 between_.values.data() + k);
      }
      return dot(residual_.values.data() + start, between_.values.data() + start, count);
    });
  }

  /// Of what `part` gives for strips of rows: where each starts, and how many values it has.
  double sum_over_strips(const std::function<double(std::size_t start, int64_t count)>& part) const {
    const int64_t d = result_.columns;
    std::vector<double> parts(static_cast<std::size_t>(strip_count(result_.rows, rows_in_strip)));
    for_each_strip(result_.rows, rows_in_strip, threads_, [&](int64_t first, int64_t wide) {
      parts[static_cast<std::size_t>(first / rows_in_strip)] =
          part(static_cast<std::size_t>(first * d), wide * d);
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0);
  }

  const LayerProblem& problem_;
  const Support& support_;
  float damping_;
  int threads_;
  Matrix& result_;
  Matrix gram_;
  Matrix between_;
  Matrix direction_;
  Matrix product_;
  Matrix residual_;   ///< minus half the gradient, on the support
  double error_ = 0;  ///< tr(F E^T E)
  std::vector<float> inverse_diagonal_;
};

}  // namespace

void couple(LayerProblem& problem, Matrix coupling) {
  const int64_t m = problem.weights.rows;
  ensure(coupling.rows == m && coupling.columns == m, "the coupling of outputs is M x M");
  problem.coupling = std::move(coupling);
  // A strip of samples at a time: outputs are large.
  const Matrix& y = problem.outputs;
  std::vector<double> powers(static_cast<std::size_t>((y.rows + samples_in_strip - 1) / samples_in_strip));
  const SingleThreadedBlas guard;
  for_each_strip(y.rows, samples_in_strip, threads_wanted(0), [&](int64_t first, int64_t wide) {
    Matrix weighed(wide, m);
    cblas_ssymm(CblasRowMajor, CblasRight, CblasLower, static_cast<int>(wide), static_cast<int>(m), 1,
                problem.coupling.values.data(), static_cast<int>(m), y.row(first), static_cast<int>(m), 0,
                weighed.values.data(), static_cast<int>(m));
    powers[static_cast<std::size_t>(first / samples_in_strip)] =
        dot(weighed.values.data(), y.row(first), wide * m);
  });
  problem.output_power = std::accumulate(powers.begin(), powers.end(), 0.0);
}

bool may_couple(int64_t rows, int64_t columns) {
  constexpr double most_products = 3e9;  // ten seconds of two cores for each density
  constexpr double most_cubes = 1.5e11;  // twenty seconds for the eigenvectors
  const auto m = static_cast<double>(rows);
  const auto d = static_cast<double>(columns);
  return rows > 1 && m * d * (m + d) <= most_products && d * d * d <= most_cubes;
}

CoupledSystem::CoupledSystem(const Matrix& coupling, Matrix gram, int threads)
    : threads_(threads), of_coupling_(coupling), of_gram_(std::move(gram)) {
  parallel_for(2, threads, [&](std::size_t which) {
    (which == 0 ? gram_values_ : coupling_values_) = take_eigenvectors(which == 0 ? of_gram_ : of_coupling_);
  });
}

void CoupledSystem::solve(Matrix& sides, double r) const {
  const auto m = static_cast<int>(sides.rows);
  const auto d = static_cast<int>(sides.columns);
  Matrix turned(sides.rows, sides.columns);
  multiply(sides, of_gram_, CblasTrans, threads_, turned);
  for_each_strip(sides.columns, columns_in_strip, threads_, [&](int64_t first, int64_t wide) {
    const auto width = static_cast<int>(wide);
    Matrix strip(sides.rows, wide);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, width, m, 1, of_coupling_.values.data(), m,
                turned.values.data() + first, d, 0, strip.values.data(), width);
    for (int64_t i = 0; i < strip.rows; ++i) {
      divide(wide, gram_values_.data() + first, coupling_values_[static_cast<std::size_t>(i)],
             static_cast<float>(r), strip.row(i));
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, width, m, 1, of_coupling_.values.data(), m,
                strip.values.data(), width, 0, turned.values.data() + first, d);
  });
  multiply(turned, of_gram_, CblasNoTrans, threads_, sides);
}

Matrix times_coupling(const Matrix& coupling, const Matrix& a, int threads) {
  Matrix product(a.rows, a.columns);
  multiply(coupling, a, CblasNoTrans, threads, product);
  return product;
}

void refit_together(const LayerProblem& problem, const Support& support, double damping, int threads,
                    Matrix& result) {
  TogetherRefit(problem, support, damping, threads, result).run();
}

}  // namespace mj
