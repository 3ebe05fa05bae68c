#include <algorithm>
#include <string_view>
#include <vector>

#include "network/layer_rules.h"

namespace mj {
namespace {

/// One spatial dimension of a convolution.
struct Axis {
  int64_t size = 1;  ///< of the input
  int64_t filter = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;

  int64_t filter_extent() const { return dilation * (filter - 1) + 1; }
};

/// One value a dimension, each the least that is allowed where nothing is given.
std::vector<int64_t> sizes_attribute(const Network& network, const Node& node, std::string_view name,
                                     std::size_t count, int64_t least) {
  const auto* given = find_attribute<std::vector<int64_t>>(node, name);
  if (given == nullptr || given->empty()) {
    return std::vector<int64_t>(count, least);
  }
  if (given->size() != count) {
    reject(network, node, "has " + std::to_string(given->size()) + " " + std::string(name),
           "its input needs " + std::to_string(count));
  }
  for (const int64_t value : *given) {
    if (value < least || value > largest_size) {
      reject(network, node, "has " + std::string(name) + " of " + std::to_string(value),
             "must be between " + std::to_string(least) + " and " + std::to_string(largest_size));
    }
  }
  return *given;
}

/// ONNX, Conv: with SAME the output has ceil(size / stride) positions, an odd pad goes to the end (UPPER) or
/// to the beginning (LOWER).
void pad_same(Axis& axis, bool upper) {
  const int64_t positions = (axis.size + axis.stride - 1) / axis.stride;
  const int64_t pad = std::max<int64_t>(0, (positions - 1) * axis.stride + axis.filter_extent() - axis.size);
  axis.pad_begin = upper ? pad / 2 : pad - pad / 2;
  axis.pad_end = pad - axis.pad_begin;
}

void set_pads(const Network& network, const Node& node, std::vector<Axis>& axes) {
  const auto* mode = find_attribute<std::string>(node, "auto_pad");
  if (mode == nullptr || mode->empty() || *mode == "NOTSET") {
    const std::vector<int64_t> pads = sizes_attribute(network, node, "pads", 2 * axes.size(), 0);
    for (std::size_t i = 0; i < axes.size(); ++i) {
      axes[i].pad_begin = pads[i];
      axes[i].pad_end = pads[axes.size() + i];
    }
  } else if (*mode == "SAME_UPPER" || *mode == "SAME_LOWER") {
    for (Axis& axis : axes) {
      pad_same(axis, *mode == "SAME_UPPER");
    }
  } else if (*mode != "VALID") {
    reject(network, node, "has auto_pad '" + *mode + "'", "must be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  }
}

std::vector<Axis> spatial_axes(const Network& network, const Node& node, const Shape& input,
                               const Shape& weights) {
  const std::size_t count = input.size() - 2;
  const std::vector<int64_t> strides = sizes_attribute(network, node, "strides", count, 1);
  const std::vector<int64_t> dilations = sizes_attribute(network, node, "dilations", count, 1);
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < count; ++i) {
    axes.push_back({input[i + 2], weights[i + 2], strides[i], dilations[i], 0, 0});
  }
  set_pads(network, node, axes);
  return axes;
}

int64_t output_size(const Network& network, const Node& node, const Axis& axis) {
  const int64_t padded = axis.size + axis.pad_begin + axis.pad_end;
  if (axis.filter_extent() > padded) {
    reject(network, node,
           "has a filter of " + std::to_string(axis.filter_extent()) + " on a padded input of " +
               std::to_string(padded),
           "the filter must fit");
  }
  return (padded - axis.filter_extent()) / axis.stride + 1;
}

int64_t group_count(const Network& network, const Node& node, const Shape& input, const Shape& weights) {
  const auto* attribute = find_attribute<int64_t>(node, "group");
  const int64_t groups = attribute == nullptr ? 1 : *attribute;
  if (groups < 1 || groups > input[1] || weights[1] * groups != input[1] || weights[0] % groups != 0) {
    reject(network, node,
           "has weights " + to_string(weights) + " and " + std::to_string(groups) +
               " group(s) on an input of " + std::to_string(input[1]) + " channels",
           "weights must be (filters) x (channels / groups) x ..., filters a multiple of the groups");
  }
  return groups;
}

void check_ranks(const Network& network, const Node& node, const Shape& input, const Shape& weights) {
  if (input.size() != weights.size() || input.size() < 3) {
    reject(network, node, "has an input " + to_string(input) + " and weights " + to_string(weights),
           "both must have as many dimensions, at least three");
  }
  const auto* kernel = find_attribute<std::vector<int64_t>>(node, "kernel_shape");
  if (kernel != nullptr && !kernel->empty() && *kernel != Shape(weights.begin() + 2, weights.end())) {
    reject(network, node,
           "has a kernel_shape of " + to_string(*kernel) + ", but weights " + to_string(weights),
           "kernel_shape must be the weights' last dimensions");
  }
}

}  // namespace

std::optional<LayerRule> convolution_rule(const Network& network, const Node& node) {
  const Shape& input = operand_shape(network, node, 0);
  const Shape& weights = operand_shape(network, node, 1);
  check_ranks(network, node, input, weights);
  if (input.size() > 4) {
    return std::nullopt;
  }
  std::vector<Axis> axes = spatial_axes(network, node, input, weights);
  if (axes.size() == 1) {
    axes.insert(axes.begin(), Axis{});
  }
  const Axis& y = axes[0];
  const Axis& x = axes[1];
  LayerRule rule;
  LayerShape& shape = rule.shape;
  shape.groups = group_count(network, node, input, weights);
  shape.n = input[0];
  shape.k = weights[0] / shape.groups;
  shape.c = weights[1];
  shape.p = output_size(network, node, y);
  shape.q = output_size(network, node, x);
  shape.r = y.filter;
  shape.s = x.filter;
  shape.stride = {y.stride, x.stride};
  shape.dilation = {y.dilation, x.dilation};
  shape.height = y.size;
  shape.width = x.size;
  shape.pads = {y.pad_begin, x.pad_begin, y.pad_end, x.pad_end};
  return rule;
}

}  // namespace mj
