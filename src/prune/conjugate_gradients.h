#pragma once

#include <cstdint>
#include <span>

#include "prune/layer_problem.h"

namespace mj {

/// Whether a row that keeps so many weights is refitted by values at the samples.
bool solves_for_samples(const LayerProblem& problem, int64_t kept, double damping);

/// Of an iteration for one row, products of many rows taken together.
double flops_of_iteration(const LayerProblem& problem);

/// What a step of conjugate gradients gains at least, of the error that is left: below it the search ends.
/// From ADMM's weights, on ResNet-20's layers at all levels, after 11 steps in the median and 26 in nine of
/// ten, .002 and .02 % above the least error.
inline constexpr double least_gain = 1e-5;
/// Of the outputs' power: an error below it is rounding.
inline constexpr double least_error_left = 1e-6;

/// The least squares of refit_kept by conjugate gradients, in single precision: for rows whose own
/// factorization would take too long. The unknowns are the weights, preconditioned by the Gram matrix's
/// diagonal, or, for rows that keep at least as many of them as there are samples at hand, values at the
/// samples, by what is near to all these rows' matrices. Ends at least_gain, or within 1e-4 of the error that
/// is left, or after 50 iterations.
/// @param damping to be added to the Gram matrix's diagonal
/// @param rows of the problem
/// @param[in,out] result its `rows` on the support, where the search begins
void refit_iteratively(const LayerProblem& problem, const Support& support, double damping,
                       std::span<const int64_t> rows, int threads, Matrix& result);

}  // namespace mj
