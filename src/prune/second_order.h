#pragma once

#include <vector>

#include "prune/energy_aware.h"

namespace mj {

struct SecondOrderOptions {
  double damping = 1e-3;  ///< as a fraction of H's mean diagonal; pulls towards the present weights
  Scope scope = Scope::layer;
  int threads = 0;
};

/// Where the second-order solvers start: the dense minimum of ||Y - X A^T||^2 + damping ||A - W||^2 and its
/// curvature. Without a weight j of a row that sum is larger by a_j^2 / G_jj.
struct DenseMinimum {
  std::vector<double> inverse;  ///< G = (H + damping I)^-1, D x D
  std::vector<double> weights;  ///< M x D; W itself where Y = X W^T
};

/// Where H + damping I is not positive definite in double precision the damping is raised tenfold until it
/// is; inputs that are constant count as if each had the damping as its power.
/// @param damping as a fraction of H's mean diagonal
DenseMinimum dense_minimum(const LayerProblem& problem, double damping, int threads);

/// Throws InternalError unless `candidates` has the weights' shape, keep >= 0 and the damping is a number
/// from 0 up.
void ensure_choice(const LayerProblem& problem, const Support& candidates, int64_t keep, double damping);

}  // namespace mj
