#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "prune/layer_problem.h"

namespace mj {

/// From now on errors of different outputs count together: with E = Y - X A^T the problem's error is
/// tr(F E^T E) instead of ||E||^2. ADMM, refit_kept, output_error and elimination_order heed it.
/// @param coupling F, M x M, symmetric and positive definite, ones on its diagonal
void couple(LayerProblem& problem, Matrix coupling);

/// Whether a layer is small enough for that: solving takes some 200 M D (M + D) flops.
bool may_couple(int64_t rows, int64_t columns);

/// The system F B H + r B = R, solved through the eigenvectors of both matrices, for any r.
class CoupledSystem {
 public:
  /// @param coupling F, M x M
  /// @param gram H, D x D
  /// Both symmetric and positive definite.
  CoupledSystem(const Matrix& coupling, Matrix gram, int threads);

  /// R becomes B, in place.
  void solve(Matrix& sides, double r) const;

 private:
  int threads_;
  Matrix of_coupling_;  ///< eigenvectors, a row each
  Matrix of_gram_;
  std::vector<float> coupling_values_;  ///< eigenvalues, ascending
  std::vector<float> gram_values_;
};

/// product = F A
Matrix times_coupling(const Matrix& coupling, const Matrix& a, int threads);

/// The least squares of all rows together: the least tr(F E^T E) + damping ||A - W||^2 on the support, by
/// conjugate gradients. Ends at least_gain (conjugate_gradients.h), or after 100 iterations.
/// @param damping to be added to H's diagonal
/// @param[in,out] result on the support, where the search begins
void refit_together(const LayerProblem& problem, const Support& support, double damping, int threads,
                    Matrix& result);

}  // namespace mj
