#include "prune/solvers.h"

#include "base/error.h"
#include "prune/admm.h"
#include "prune/exact_obs.h"
#include "prune/sparse_gpt.h"
#include "prune/wanda.h"

namespace mj {

std::string_view name_of(Solver solver) {
  switch (solver) {
    case Solver::magnitude:
      return "magnitude";
    case Solver::restoration:
      return "restoration";
    case Solver::wanda:
      return "wanda";
    case Solver::sparse_gpt:
      return "sparse-gpt";
    case Solver::exact_obs:
      return "exact-obs";
    case Solver::admm:
      return "admm";
  }
  throw InternalError("a solver has no name");
}

Support choose_support_by(Solver solver, const LayerProblem& problem, const Support& candidates, int64_t keep,
                          const SecondOrderOptions& options) {
  ensure_choice(problem, candidates, keep, options.damping);
  switch (solver) {
    case Solver::magnitude:
      return keep_largest(problem.weights, candidates, keep, options.scope);
    case Solver::restoration:
      return choose_support(problem, candidates, keep, {.scope = options.scope, .threads = options.threads});
    case Solver::wanda:
      return choose_support_by_wanda(problem, candidates, keep, options.scope);
    case Solver::sparse_gpt:
      return choose_support_by_sparse_gpt(problem, candidates, keep, options);
    case Solver::exact_obs:
      return choose_support_by_exact_obs(problem, candidates, keep, options);
    case Solver::admm:
      return choose_support_by_admm(problem, candidates, keep,
                                    {.damping = options.damping, .threads = options.threads});
  }
  throw InternalError("a solver has no function");
}

Solver solver_for(int64_t rows, int64_t columns) {
  // What ADMM takes at most of densities, with a factorization every third iteration.
  constexpr double iterations = 40;
  const auto d = static_cast<double>(columns);
  const double admm_flops =
      2 * iterations * static_cast<double>(rows) * d * d + iterations / 3 * d * d * d / 3;
  return exact_obs_flops(rows, columns) <= admm_flops ? Solver::exact_obs : Solver::admm;
}

}  // namespace mj
