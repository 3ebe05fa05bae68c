#pragma once

#include "prune/second_order.h"

namespace mj {

/// Keeps `keep` weights among `candidates` (all of them if they are fewer) by one pass over the columns
/// (SparseGPT: Frantar and Alistarh, ICML 2023, algorithm 1). Of each block of 128 columns those weights go
/// whose loss w^2 / [G_F]_jj is least, with G_F the inverse Gram matrix of the columns from j on; then column
/// by column what was lost is made up for as well as the columns to the right can. Every block keeps the same
/// share of its candidates, over all rows together or (Scope::filter) of each row. 2 M D^2 flops. refit_kept
/// follows.
Support choose_support_by_sparse_gpt(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                     const SecondOrderOptions& options);

}  // namespace mj
