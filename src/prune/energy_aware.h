#pragma once

#include <cstdint>

#include "prune/layer_problem.h"

namespace mj {

/// Whether every filter keeps the same number of weights or the layer as a whole keeps its best.
enum class Scope { filter, layer };

/// Keeps the `keep` weights of largest magnitude among those in `candidates`, all of them if they are fewer;
/// of equal ones those that stand first. Scope::filter keeps keep / rows in each row, the first rows one more
/// where that does not divide; what a row lacks in candidates the others get.
Support keep_largest(const Matrix& weights, const Support& candidates, int64_t keep, Scope scope);

/// Norm of the output's error that restoration reduces.
enum class ErrorNorm { l1, l2 };

struct RestoreOptions {
  /// The paper's is l1. On layers of ResNet-20 and SqueezeNet l2 leaves 3 to 19 % less error after the refit,
  /// in a thirtieth of the time: it needs the Gram matrix only, so gains can be computed anew more often.
  ErrorNorm norm = ErrorNorm::l2;
  Scope scope = Scope::layer;
  /// Weights restored before gains are computed again (Scope::filter: in each row); 0: a tenth of what is to
  /// be restored for l1, a hundredth for l2.
  int64_t group = 0;
  int threads = 0;
};

/// Adds `count` weights of `candidates` to `kept` (all of them if they are fewer), at the values in
/// problem.weights: those whose return reduces the norm of Y - X A^T most, given what is kept and restored
/// already; of equal ones those that stand first (Yang, Chen, Sze, CVPR 2017, section 4.2).
Support restore_by_output_effect(const LayerProblem& problem, Support kept, const Support& candidates,
                                 int64_t count, const RestoreOptions& options);

/// How far beyond the target weights are removed at first, to be restored by their effect on the output: 7.5
/// % of the layer's weights, yet at most three quarters of those kept. The paper leaves it open; on layers of
/// ResNet-20 and SqueezeNet (l2, Scope::layer) the error after the refit is within 8 % of the least of the
/// shares tried, at densities .5, .3 and .1, where that is .15, .25 and .75 of what is kept.
inline constexpr double restored_of_layer = 0.075;
inline constexpr double most_restored_of_kept = 0.75;
int64_t count_to_restore(int64_t keep, int64_t weights);

/// The paper's choice of `keep` weights among `candidates`: keep_largest beyond the target, then
/// restore_by_output_effect of count_to_restore.
Support choose_support(const LayerProblem& problem, const Support& candidates, int64_t keep,
                       const RestoreOptions& options);

/// Least squares of the kept weights of each row to Y: (H_SS + damping I) A_S = (X^T Y)_S + damping W_S, so
/// that what the samples do not determine stays as it was. Where that matrix is not positive definite in
/// double precision the damping is raised tenfold until it is; a row for which even damping 1 is too little
/// keeps its weights. Where the outputs are coupled and supports of rows differ, refit_together follows, or
/// takes the place of it where there is a start.
/// @param damping as a fraction of H's mean diagonal. For n samples about 50 / n does well: on layers of
/// ResNet-20 and SqueezeNet the held-out error was least near .1 at n 400, .03 at 1600 and below .01 at 6400.
/// @param start weights on the support, near the least squares (those of a Choice); may be empty
Matrix refit_kept(const LayerProblem& problem, const Support& support, double damping, int threads,
                  const Matrix& start = {});

}  // namespace mj
