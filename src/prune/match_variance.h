#pragma once

#include "base/matrix.h"
#include "prune/layer_problem.h"

namespace mj {

/// Scales each row so that the variance of its outputs over the problem's samples comes nearer to that of Y;
/// least squares alone leaves it smaller by what cannot be fitted. Means are met by fitted_bias. A row that
/// gives nothing stays.
/// @param share of the way, in logarithms: 0 leaves the weights, 1 takes over Y's variance
Matrix match_variance(const LayerProblem& problem, const Matrix& weights, double share, int threads);

}  // namespace mj
