#pragma once

#include <algorithm>

#include "base/random.h"
#include "energy/workload.h"

/// A uniform whole number in [least, most].
inline int64_t pick(mj::Random& random, int64_t least, int64_t most) {
  return least + static_cast<int64_t>(random.below(static_cast<uint64_t>(most - least + 1)));
}

/// A small convolution with strides, dilations, padding, groups and a batch; extents up to `most`.
inline mj::LayerShape random_shape(mj::Random& random, int64_t most) {
  mj::LayerShape shape;
  shape.n = pick(random, 1, most);
  shape.k = pick(random, 1, most);
  shape.c = pick(random, 1, most);
  shape.r = pick(random, 1, 4);
  shape.s = pick(random, 1, 4);
  shape.groups = pick(random, 1, 3);
  shape.stride = {pick(random, 1, 3), pick(random, 1, 3)};
  shape.dilation = {pick(random, 1, 2), pick(random, 1, 2)};
  shape.pads = {pick(random, 0, 2), pick(random, 0, 2), pick(random, 0, 2), pick(random, 0, 2)};
  const int64_t filter_height = (shape.r - 1) * shape.dilation[0] + 1;
  const int64_t filter_width = (shape.s - 1) * shape.dilation[1] + 1;
  shape.height = std::max<int64_t>(1, pick(random, 1, most) + filter_height - shape.pads[0] - shape.pads[2]);
  shape.width = std::max<int64_t>(1, pick(random, 1, most) + filter_width - shape.pads[1] - shape.pads[3]);
  shape.p = std::max<int64_t>(0, padded_height(shape) - filter_height) / shape.stride[0] + 1;
  shape.q = std::max<int64_t>(0, padded_width(shape) - filter_width) / shape.stride[1] + 1;
  return shape;
}

/// A layer of which the given fractions of weights and activations are not zero, independently.
inline mj::Workload workload_with_density(const mj::LayerShape& shape, double weights, double activations) {
  mj::Workload layer;
  layer.name = "layer";
  layer.op = "Conv";
  layer.shape = shape;
  const auto macs = static_cast<double>(mac_count(shape));
  const auto padded = static_cast<double>(padded_height(shape) * padded_width(shape));
  layer.input_density = layer.output_density = activations;
  layer.nonzero_weights = layer.weight_pairs = weights * static_cast<double>(weight_count(shape));
  layer.nonzero_macs = weights * activations * macs;
  layer.nonzero_input_macs = activations * macs;
  layer.nonzero_weight_macs = weights * macs;
  layer.nonzero_inputs = activations * static_cast<double>(shape.n * shape.groups * shape.c) * padded;
  layer.nonzero_outputs = activations * static_cast<double>(output_count(shape));
  return layer;
}
