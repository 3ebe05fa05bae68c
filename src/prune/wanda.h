#pragma once

#include "prune/energy_aware.h"

namespace mj {

/// Keeps the `keep` weights among `candidates` (all of them if they are fewer) whose own contribution to the
/// output is largest, |w_ij| ||x_j|| (Wanda: Sun, Liu, Bair, Kolter, ICLR 2024). The published method
/// compares within a row, Scope::filter. Where the layer has a bias the norm is that of the deviations from
/// the mean, since the refitted bias takes up the rest.
Support choose_support_by_wanda(const LayerProblem& problem, const Support& candidates, int64_t keep,
                                Scope scope);

}  // namespace mj
