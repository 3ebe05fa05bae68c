#include "prune/solvers.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "prune/admm.h"
#include "prune/exact_obs.h"
#include "prune/sparse_gpt.h"
#include "prune/wanda.h"

namespace mj {
namespace {

AdmmOptions admm_options(const SecondOrderOptions& options) {
  return {.damping = options.damping, .scope = options.scope, .threads = options.threads};
}

}  // namespace

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

Choice choose_support_by(Solver solver, const LayerProblem& problem, const Support& candidates, int64_t keep,
                         const SecondOrderOptions& options) {
  ensure_choice(problem, candidates, keep, options.damping);
  switch (solver) {
    case Solver::magnitude:
      return {keep_largest(problem.weights, candidates, keep, options.scope), {}};
    case Solver::restoration:
      return {choose_support(problem, candidates, keep, {.scope = options.scope, .threads = options.threads}),
              {}};
    case Solver::wanda:
      return {choose_support_by_wanda(problem, candidates, keep, options.scope), {}};
    case Solver::sparse_gpt:
      return {choose_support_by_sparse_gpt(problem, candidates, keep, options), {}};
    case Solver::exact_obs:
      return {choose_support_by_exact_obs(problem, candidates, keep, options), {}};
    case Solver::admm:
      return choose_support_by_admm(problem, candidates, keep, admm_options(options));
  }
  throw InternalError("a solver has no function");
}

std::vector<Choice> choose_supports_by(Solver solver, const LayerProblem& problem, const Support& candidates,
                                       std::span<const int64_t> keeps, const SecondOrderOptions& options) {
  if (solver == Solver::admm) {
    return choose_supports_by_admm(problem, candidates, keeps, admm_options(options));
  }
  std::vector<Choice> choices;
  choices.reserve(keeps.size());
  if (solver == Solver::exact_obs) {
    for (Support& support : choose_supports_by_exact_obs(problem, candidates, keeps, options)) {
      choices.push_back({std::move(support), {}});
    }
    return choices;
  }
  for (const int64_t keep : keeps) {
    choices.push_back(choose_support_by(solver, problem, candidates, keep, options));
  }
  return choices;
}

Solver solver_for(int64_t rows, int64_t columns) {
  // What ADMM takes at most of densities, with a factorization every third iteration.
  constexpr double iterations = 40;
  constexpr double most_flops = 4e12;  // a minute of two cores for each density
  const auto d = static_cast<double>(columns);
  const double admm_flops =
      2 * iterations * static_cast<double>(rows) * d * d + iterations / 3 * d * d * d / 3;
  if (std::min(exact_obs_flops(rows, columns), admm_flops) > most_flops) {
    return Solver::wanda;
  }
  return exact_obs_flops(rows, columns) <= admm_flops ? Solver::exact_obs : Solver::admm;
}

}  // namespace mj
