#pragma once

#include <cstdint>

#include "prune/layer_problem.h"

namespace mj::bench {

// A 3x3 convolution over 64 channels.
inline constexpr int64_t kFilters = 64;
inline constexpr int64_t kColumns = 576;
inline constexpr int64_t kSamples = 8192;

/// A B^T.
Matrix times_transposed(const Matrix& a, const Matrix& b);

/// What a layer behind a ReLU reads: mixtures of hidden causes whose strength falls off, and noise of each
/// input's own, so that the columns correlate; the columns' scales are log-normal. The constants are those
/// with which the solvers leave the errors of solver_table.cpp.
Matrix correlated_inputs(int64_t samples, uint64_t seed);

/// The layer's samples, its normal weights, what they give, and the problem of fitting them; made once.
const Matrix& inputs();
const Matrix& weights();
const Matrix& outputs();
const LayerProblem& problem();

}  // namespace mj::bench
