#pragma once

#include "network/network.h"

namespace mj {

/// Where nodes compute weights from constants alone, what they give to nodes that compute on images becomes
/// constants, so that weights can be counted and changed. Leaves the network as it is where all weights are
/// constants or where an operator on their way is not executable.
void fold_computed_weights(Network& network);

}  // namespace mj
