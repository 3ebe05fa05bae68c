#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "network/network.h"
#include "runtime/torch/operators.h"

namespace mj {

/// A kernel for a two-dimensional convolution with constant filters, by oneDNN. nullopt where libtorch or
/// oneDNN cannot do it.
/// @param images in a pass, for which the order of the filters is chosen
/// @param bias may be undefined
/// @param rectify whether a ReLU follows
std::optional<Kernel> prepack_convolution(const LayerShape& shape, int64_t images, const at::Tensor& weights,
                                          const at::Tensor& bias, bool rectify);

}  // namespace mj
