#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "network/activation_stats.h"
#include "network/network.h"

namespace mj {

/// The statistics of one layer from how often each element of its maps was not zero.
/// @param inputs  for each element of the layer's input map (channels x height x width for Conv, rows x
///                features for products; further leading dimensions are summed), summed over the images
/// @param outputs the same for the stored output
/// Throws InternalError where the sizes do not fit the layer.
LayerActivations layer_activations(const MacLayer& layer, std::span<const int64_t> inputs,
                                   std::span<const int64_t> outputs, int64_t images);

}  // namespace mj
