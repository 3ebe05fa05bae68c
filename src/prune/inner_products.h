#pragma once

#include <vector>

#include "base/matrix.h"

namespace mj {

struct InnerProducts {
  std::vector<double> gram;         ///< X^T X, D x D
  std::vector<double> correlation;  ///< X^T Y, D x M
};

/// Products of float samples, summed in single precision over 512 samples at a time and in double over
/// these: that loses some 1e-7 of what stands on the diagonal, far below any damping, in less than half the
/// time of double throughout. The result does not depend on `threads`.
/// @param x n x D
/// @param y n x M
InnerProducts inner_products(const Matrix& x, const Matrix& y, int threads);

}  // namespace mj
