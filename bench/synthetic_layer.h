#pragma once

#include <cstdint>

#include "prune/layer_problem.h"

namespace mj::bench {

inline constexpr int64_t kSamples = 8192;

/// A B^T.
Matrix times_transposed(const Matrix& a, const Matrix& b);

/// A 3x3 convolution behind a ReLU: weights a little heavier in the tails than normal ones, inputs that are
/// mixtures of hidden causes whose strength falls off, partly the same at the nine places of a channel, with
/// noise of each input's own and log-normal scales. The table that solver_table.cpp holds the solvers against
/// was made on a layer whose law is not known: this form and its constants are such that it comes out.
struct SyntheticLayer {
  /// @param columns a multiple of 9
  SyntheticLayer(int64_t filters, int64_t columns, uint64_t seed);

  Matrix weights;
  Matrix inputs;
  Matrix outputs;
  LayerProblem problem;
  Matrix other_inputs;  ///< half as many samples as the problem has
  Matrix other_outputs;
};

/// The same layer each time it is asked for.
const SyntheticLayer& synthetic_layer(int64_t filters, int64_t columns, uint64_t seed = 1);

}  // namespace mj::bench
