#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "prune/energy_aware.h"

namespace mj {

struct AdmmOptions {
  double damping = 1e-3;  ///< as a fraction of H's mean diagonal; pulls towards the present weights
  Scope scope = Scope::layer;
  int max_iterations = 150;
  int threads = 0;
};

/// Chooses the `keep` weights among `candidates` (all of them if they are fewer) that together give outputs
/// closest to Y, by the alternating direction method of multipliers: the least-squares solution and its best
/// sparse neighbour are pulled together ever harder, until the support hardly changes (ALPS: Meng, Behdin,
/// Wang, Mazumder, NeurIPS 2024, algorithm 1). Inputs are scaled to equal power first, so that a weight's
/// square is what it gives to the output. Its weights are those of its last iteration, .2 % above the least
/// error in the median of ResNet-20's layers; refit_kept goes on from them.
Choice choose_support_by_admm(const LayerProblem& problem, const Support& candidates, int64_t keep,
                              const AdmmOptions& options);

/// The same for several numbers of weights: each search goes on from what the one before came to, which takes
/// fewer iterations where the numbers are near each other.
std::vector<Choice> choose_supports_by_admm(const LayerProblem& problem, const Support& candidates,
                                            std::span<const int64_t> keeps, const AdmmOptions& options);

/// The best support of its kind for these M x D values.
using BestSupport = std::function<Support(const Matrix& values)>;

/// The same where what may be kept together is ruled by a pattern: `best` takes the place of the layer's
/// largest values. Its supports are the results.
Choice choose_support_by_admm(const LayerProblem& problem, const BestSupport& best,
                              const AdmmOptions& options);

}  // namespace mj
