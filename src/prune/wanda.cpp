#include "prune/wanda.h"

#include <cmath>
#include <cstddef>

namespace mj {

Support choose_support_by_wanda(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                Scope scope) {
  Matrix contribution = problem.weights;
  const int64_t d = contribution.columns;
  for (int64_t i = 0; i < contribution.rows; ++i) {
    for (int64_t j = 0; j < d; ++j) {
      contribution.at(i, j) *=
          static_cast<float>(std::sqrt(problem.gram[static_cast<std::size_t>(j * d + j)]));
    }
  }
  divide_by_root_prices(problem, 0, contribution);
  return keep_largest(contribution, candidates, keep, scope);
}

}  // namespace mj
