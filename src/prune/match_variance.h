#pragma once

#include "base/matrix.h"
#include "prune/layer_problem.h"

namespace mj {

/// Scales each row so that the variance of its outputs over the problem's samples is that of Y; least squares
/// alone leaves it smaller by what cannot be fitted. Means are met by fitted_bias. A row that gives nothing
/// stays.
Matrix match_variance(const LayerProblem& problem, const Matrix& weights, int threads);

}  // namespace mj
