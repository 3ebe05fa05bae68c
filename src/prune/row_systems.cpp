#include "prune/row_systems.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "prune/dot.h"
#include "prune/wide_registers.h"

namespace mj {
namespace {

constexpr int most_steps = 50;

MJ_WIDE_REGISTERS void add_multiple(int64_t count, float factor, const float* more, float* values) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] += factor * more[i];
  }
}

MJ_WIDE_REGISTERS void multiply_and_add(int64_t count, float factor, const float* more, float* values) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] = more[i] + factor * values[i];
  }
}

}  // namespace

Matrix solve(RowSystems& systems, Matrix residual) {
  const int64_t count = residual.columns;
  Matrix solution(residual.rows, count);
  Matrix product(residual.rows, count);
  Matrix corrected(residual.rows, count);
  systems.precondition(residual, corrected);
  Matrix direction = corrected;
  std::vector<double> norms;  // Of the residuals, squared and weighed by the preconditioner.
  for (int64_t i = 0; i < residual.rows; ++i) {
    norms.push_back(dot(residual.row(i), corrected.row(i), count));
  }
  for (int step = 0; step < most_steps; ++step) {
    systems.multiply(direction, product);
    double gain = 0;
    for (int64_t i = 0; i < residual.rows; ++i) {
      const double norm = norms[static_cast<std::size_t>(i)];
      const double curvature = dot(direction.row(i), product.row(i), count);
      if (curvature > 0) {  // Else nothing is left to gain.
        const double length = norm / curvature;
        add_multiple(count, static_cast<float>(length), direction.row(i), solution.row(i));
        add_multiple(count, static_cast<float>(-length), product.row(i), residual.row(i));
        gain += length * norm;
      }
    }
    if (systems.is_solved(residual, solution, gain)) {
      break;
    }
    systems.precondition(residual, corrected);
    for (int64_t i = 0; i < residual.rows; ++i) {
      double& norm = norms[static_cast<std::size_t>(i)];
      const double next = dot(residual.row(i), corrected.row(i), count);
      const double share = norm > 0 ? next / norm : 0;
      multiply_and_add(count, static_cast<float>(share), corrected.row(i), direction.row(i));
      norm = next;
    }
  }
  return solution;
}

}  // namespace mj
