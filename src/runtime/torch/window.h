#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/torch/node_reader.h"

namespace mj {

/// The window of a convolution or pooling as the node gives it; empty lists stand for ONNX's defaults.
struct Window {
  std::vector<int64_t> kernel, strides, dilations, pads;
  std::string auto_pad = "NOTSET";
  bool ceil_mode = false;
};

/// A window made complete for one input; one value a spatial dimension.
struct PlacedWindow {
  std::vector<int64_t> kernel, strides, dilations, head, tail;
  std::vector<int64_t> outputs;   ///< window positions
  std::vector<int64_t> overhang;  ///< how far the last window reaches beyond the padded input, at least 0

  bool is_symmetric() const { return head == tail; }
};

/// Throws InputError where sizes are not positive or pads are negative.
Window read_window(const NodeReader& reader);

/// @param input  of the whole tensor: batch, channels, spatial sizes
/// @param kernel taken where the node does not say
/// Throws c10::Error where the window does not fit. A window that would start in the padding behind the input
/// is left out (ONNX, MaxPool-22; onnx/onnx#5741).
PlacedWindow place_window(const Window& window, at::IntArrayRef input, at::IntArrayRef kernel);

/// The pads for at::constant_pad_nd: last dimension first.
std::vector<int64_t> pad_list(const std::vector<int64_t>& head, const std::vector<int64_t>& tail);

/// Throws c10::Error where the padded tensor would be too large.
at::Tensor pad_constant(const at::Tensor& input, const std::vector<int64_t>& head,
                        const std::vector<int64_t>& tail, double value);

}  // namespace mj
