#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "prune/second_order.h"

namespace mj {

/// Keeps the `keep` weights among `candidates` (all of them if they are fewer) that are left when, in every
/// row, the weight goes whose removal adds least to the error, the others made up for it exactly each time
/// (ExactOBS: Frantar, Singh, Alistarh, NeurIPS 2022, algorithm 1). Each row is emptied on its own; then the
/// layer as a whole, or each row for its share, takes the cheapest removals in the rows' orders (section 4.3
/// there). refit_kept follows. exact_obs_flops of work: beyond some 1e13 choose_support_by_admm comes to the
/// same error sooner.
Support choose_support_by_exact_obs(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                    const SecondOrderOptions& options);

/// The same for several numbers of weights, all from one elimination.
std::vector<Support> choose_supports_by_exact_obs(const LayerProblem& problem, const Support& candidates,
                                                  std::span<const int64_t> keeps,
                                                  const SecondOrderOptions& options);

/// The order in which one row loses its weights, and what each removal adds to the error.
struct RemovalOrder {
  std::vector<int32_t> columns;
  std::vector<float> losses;  ///< of ||Y - X A^T||^2 + damping ||A - W||^2; in the unit of Y^2
};

/// For each row; columns that are no candidates stand first.
std::vector<RemovalOrder> removal_orders(const LayerProblem& problem, const Support& candidates,
                                         const SecondOrderOptions& options);

/// M D^3 / 3: a pivoted Cholesky factorization of D x D for each row.
double exact_obs_flops(int64_t rows, int64_t columns);

}  // namespace mj
