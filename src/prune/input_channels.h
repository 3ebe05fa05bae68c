#pragma once

#include <cstdint>
#include <vector>

#include "prune/second_order.h"

namespace mj {

/// Which input channels a layer loses, in order.
struct ChannelRemoval {
  std::vector<int64_t> removed;  ///< in the order of removal
  /// What each adds to ||Y - X A^T||^2 + damping ||A - W||^2 when all other weights make up for it.
  std::vector<double> losses;
  std::vector<int64_t> kept;  ///< increasing
};

/// Removes input channels from all rows at once until `keep` are left (none if there are no more): always
/// the one with the least loss tr(A_c (G_cc)^-1 A_c^T), where A_c is the M x R S part of the weights and G_cc
/// the diagonal block of the inverse Gram matrix, which all rows share; of equal ones the first. A and G are
/// brought up to date after each (second-order structured removal: ZipLM, Kurtic, Frantar, Alistarh, NeurIPS
/// 2023, equations 3 and 4). The order is the same for every `keep`, so that one call for 0 gives all levels.
/// 2 D^2 (D + M) flops. refit_kept of keep_channels follows.
/// @param places R S, the weights of a channel in a filter; divides D
ChannelRemoval remove_input_channels(const LayerProblem& problem, int64_t places, int64_t keep,
                                     const SecondOrderOptions& options);

/// The support that has all weights of these input channels.
Support keep_channels(int64_t rows, int64_t columns, int64_t places, const std::vector<int64_t>& channels);

}  // namespace mj
