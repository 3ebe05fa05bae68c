#pragma once

#include <ATen/ATen.h>

#include "runtime/torch/window.h"

namespace mj {

/// Whether max_pool_channels_last takes these maps: floats of two spatial dimensions with the channels side
/// by side, and no gradient asked for.
bool is_pooled_channels_last(const at::Tensor& maps);

/// The largest values in windows, a channel beside the other, in half the time of libtorch's, which finds
/// their places too. What is not a number is the largest.
at::Tensor max_pool_channels_last(const at::Tensor& maps, const PlacedWindow& window);

}  // namespace mj
