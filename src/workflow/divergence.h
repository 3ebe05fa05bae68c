#pragma once

#include "base/matrix.h"

namespace mj {

/// The Kullback-Leibler divergence of the class probabilities that `after` gives from those of `before`, the
/// mean over images of sum p (log p - log q).
/// @param before, after class scores before the softmax, one row an image
/// @param temperature that scores are divided by; the result is multiplied by its square, which keeps its
/// size (Hinton, Vinyals, Dean, 2015)
double mean_divergence(const Matrix& before, const Matrix& after, double temperature = 1);

}  // namespace mj
