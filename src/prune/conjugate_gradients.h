#pragma once

#include <cstdint>
#include <span>

#include "prune/layer_problem.h"

namespace mj {

/// Of an iteration for one row, products of many rows taken together.
double flops_of_iteration(const LayerProblem& problem);

/// The least squares of refit_kept by conjugate gradients, preconditioned by the Gram matrix's diagonal, in
/// single precision: for rows whose own factorization would take too long. Ends where the gradient's norm is
/// a thousandth of what it is at the present weights, or after 50 iterations.
/// @param damping to be added to the Gram matrix's diagonal
/// @param rows of the problem
/// @param[out] result its `rows` are written
void refit_iteratively(const LayerProblem& problem, const Support& support, double damping,
                       std::span<const int64_t> rows, int threads, Matrix& result);

}  // namespace mj
