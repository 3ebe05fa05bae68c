#pragma once

#include "base/matrix.h"

namespace mj {

/// Systems of linear equations, one for each of some rows, with positive definite matrices.
class RowSystems {
 public:
  virtual ~RowSystems() = default;

  /// Each row times its matrix.
  virtual void multiply(const Matrix& rows, Matrix& product) = 0;
  /// Each row times something near to the inverse of its matrix.
  virtual void precondition(const Matrix& rows, Matrix& product) = 0;
  /// Whether the solution does, after a step that lowered x A x / 2 - b x, summed over the rows, by half of
  /// `gain`.
  virtual bool is_solved(const Matrix& residual, const Matrix& solution, double gain) = 0;
};

/// By preconditioned conjugate gradients from zeros on, in single precision; 50 steps at most.
/// @param residual the right-hand sides
Matrix solve(RowSystems& systems, Matrix residual);

}  // namespace mj
