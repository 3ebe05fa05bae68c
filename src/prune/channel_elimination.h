#pragma once

#include <cstdint>
#include <vector>

#include "prune/layer_problem.h"

namespace mj {

/// A layer, or one of its groups, that reads channels: channel c takes `columns` columns in a row from each
/// of `first` + c `columns` on.
struct ChannelInputs {
  const LayerProblem* problem = nullptr;
  std::vector<int64_t> first;
  int64_t columns = 1;
  double power = 0;  ///< of the outputs of the whole layer
};

/// The order in which `count` of the channels are removed from all the layers that read them: each time the
/// one without which their outputs, the other weights of a layer being fitted anew, get the least error, as a
/// share of each layer's output power (Optimal Brain Surgeon over blocks of columns: tr(W_c G_cc^-1 W_c^T)
/// with G the inverse of the damped Gram matrix, one for all rows). Computed in single precision.
/// @param damping as a fraction of the mean diagonal of H; at least 1e-5 is taken
std::vector<int64_t> elimination_order(const std::vector<ChannelInputs>& readers, int64_t channels,
                                       int64_t count, double damping, int threads = 0);

}  // namespace mj
