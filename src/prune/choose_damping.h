#pragma once

#include <cstdint>
#include <vector>

#include "prune/solvers.h"

namespace mj {

struct DampingOptions {
  Solver solver = Solver::wanda;  ///< chooses the support on which dampings are compared
  double of_support = 1e-2;       ///< the damping of that choice
  std::vector<double> tried = {1e-4, 1e-3, 1e-2, 1e-1};
  int64_t rows_per_image = 1;  ///< samples that stand together and are held out together
  bool has_bias = true;        ///< as in make_layer_problem
  int threads = 0;
};

struct DampingChoice {
  double damping = 0;          ///< of those tried the one with the least error, of equal ones the first
  std::vector<double> errors;  ///< held out, for each tried
};

/// The damping of refit_kept, and of the solvers, with which a layer that keeps `keep` weights of
/// `candidates` comes closest to outputs it was not fitted to: every fifth image's rows are held out, a
/// support is chosen on the others, and refitted with each damping. At most 64 filters, evenly spread, are
/// judged. With fewer than five images there is nothing to judge by, and it is the first of those tried that
/// is 1e-3 or more.
DampingChoice choose_damping(const LayerProblem& problem, const Support& candidates, int64_t keep,
                             const DampingOptions& options);

}  // namespace mj
