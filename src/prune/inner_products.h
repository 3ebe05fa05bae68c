#pragma once

#include <vector>

#include "base/matrix.h"

namespace mj {

struct InnerProducts {
  std::vector<double> gram;         ///< X^T X, D x D
  std::vector<double> correlation;  ///< X^T Y, D x M
};

/// Products of float samples summed in double: a float sum loses up to the condition number of X^T X times
/// 1e-7 of the least-squares solution. The result does not depend on `threads`.
/// @param x n x D
/// @param y n x M
InnerProducts inner_products(const Matrix& x, const Matrix& y, int threads);

}  // namespace mj
