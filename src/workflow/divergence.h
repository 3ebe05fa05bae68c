#pragma once

#include "base/matrix.h"

namespace mj {

/// The Kullback-Leibler divergence of the class probabilities that `after` gives from those of `before`, the
/// mean over images of sum p (log p - log q).
/// @param before, after class scores before the softmax, one row an image
double mean_divergence(const Matrix& before, const Matrix& after);

}  // namespace mj
