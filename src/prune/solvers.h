#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "prune/second_order.h"

namespace mj {

/// How a layer's weights are chosen; the header of each says how.
enum class Solver {
  magnitude,    ///< energy_aware.h, keep_largest
  restoration,  ///< energy_aware.h, choose_support by the l2 norm
  wanda,        ///< wanda.h
  sparse_gpt,   ///< sparse_gpt.h
  exact_obs,    ///< exact_obs.h
  admm          ///< admm.h
};

inline constexpr std::array all_solvers{Solver::magnitude,  Solver::restoration, Solver::wanda,
                                        Solver::sparse_gpt, Solver::exact_obs,   Solver::admm};

std::string_view name_of(Solver solver);

/// Chooses `keep` weights among `candidates` (all of them if they are fewer). refit_kept follows.
Choice choose_support_by(Solver solver, const LayerProblem& problem, const Support& candidates, int64_t keep,
                         const SecondOrderOptions& options);

/// The same for several numbers of weights of one layer. ExactOBS finds them all in one elimination, with the
/// same results as one by one; ADMM starts each where the one before ended.
std::vector<Choice> choose_supports_by(Solver solver, const LayerProblem& problem, const Support& candidates,
                                       std::span<const int64_t> keeps, const SecondOrderOptions& options);

/// ExactOBS or ADMM, whichever takes fewer flops for a layer of that size: ExactOBS up to some 300 columns,
/// or where rows are few; Wanda where even that is more than 4e12 flops. On synthetic layers of 27 to 576
/// columns and densities .5, .3 and .1 their held-out errors are within 2 % of each other, ADMM's the lower
/// at .1, and all other solvers' above (Wanda's by 18 to 40 %).
Solver solver_for(int64_t rows, int64_t columns);

}  // namespace mj
