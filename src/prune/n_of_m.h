#pragma once

#include <cstdint>

#include "prune/admm.h"

namespace mj {

/// At most `kept` of every `group` weights, as sparse tensor cores skip them (2:4). They multiply a filter as
/// a row of K = R S C values with the input channels innermost, so a group is `group` consecutive channels at
/// one place (r, s). In a row of W (D = C R S, channels outermost) those stand `places` = R S apart; a
/// classifier has places 1. Where C is no multiple of `group`, the last channels make a smaller group with
/// the same limit.
struct NOfM {
  int kept = 2;
  int group = 4;
  int64_t places = 1;
};

/// Of every group the `kept` candidates of largest magnitude, all of them if they are fewer; of equal ones
/// those that stand first. Throws InternalError unless 0 < kept <= group and `places` divides the columns.
Support keep_n_of_m(const Matrix& values, const Support& candidates, const NOfM& pattern);

/// Chooses the weights with the pattern that together give outputs closest to Y: choose_support_by_admm with
/// keep_n_of_m in the place of the layer's best. On rows of a few inputs keep_n_of_m of the weights alone can
/// do better. refit_kept follows.
Choice choose_n_of_m(const LayerProblem& problem, const Support& candidates, const NOfM& pattern,
                     const AdmmOptions& options);

}  // namespace mj
