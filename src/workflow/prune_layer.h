#pragma once

#include <cstdint>
#include <stop_token>

#include "network/network.h"
#include "runtime/runtime.h"
#include "workflow/prune_options.h"

namespace mj {

/// Prunes one layer by the recipe of Yang, Chen and Sze (CVPR 2017): magnitude removes weights beyond the
/// target, those whose return reduces the output's error most come back, the kept ones are refitted by least
/// squares, bias included.
/// @param network  receives the layer's new weights and bias
/// @param keep     weights that stay, of those that are not zero now
/// @param inputs   images to sample the layer on
/// @param working  a session that runs `network` as it is now; what the layer reads comes from it
/// @param reference a session whose layer outputs are to be kept
void prune_layer(Network& network, std::size_t layer, int64_t keep, const NetworkInputs& inputs,
                 Session& working, Session& reference, const RecipeOptions& recipe, uint64_t seed,
                 const std::stop_token& stop);

/// Keeps the `keep` largest weights of the layer and nothing else.
void prune_layer_by_magnitude(Network& network, std::size_t layer, int64_t keep);

}  // namespace mj
