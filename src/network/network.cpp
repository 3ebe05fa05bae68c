#include "network/network.h"

#include <algorithm>
#include <numeric>

namespace mj {

std::string place_of(const Node& node) {
  if (!node.name.empty()) {
    return "node '" + node.name + "' (" + node.op + ")";
  }
  return node.op + " node" + (node.outputs.empty() ? "" : " that gives '" + node.outputs.front() + "'");
}

int64_t mac_count(const LayerShape& shape) {
  return output_count(shape) * shape.c * shape.r * shape.s;
}

double mac_count(const Network& network) {
  return std::accumulate(
      network.layers.begin(), network.layers.end(), 0.0,
      [](double sum, const MacLayer& layer) { return sum + static_cast<double>(mac_count(layer.shape)); });
}

int64_t weight_count(const LayerShape& shape) {
  return shape.groups * shape.k * shape.c * shape.r * shape.s;
}

int64_t input_count(const LayerShape& shape) {
  return shape.n * shape.groups * shape.c * shape.height * shape.width;
}

int64_t output_count(const LayerShape& shape) {
  return shape.n * shape.groups * shape.k * shape.p * shape.q;
}

int64_t padded_height(const LayerShape& shape) {
  return shape.height + shape.pads[0] + shape.pads[2];
}

int64_t padded_width(const LayerShape& shape) {
  return shape.width + shape.pads[1] + shape.pads[3];
}

bool is_countable(const LayerShape& s) {
  constexpr int64_t limit = int64_t{1} << 53;
  const auto within = [](const Shape& sizes) {
    const std::optional<int64_t> count = checked_element_count(sizes);
    return count.has_value() && *count <= limit;
  };
  return within({s.n, s.groups, s.k, s.c, s.p, s.q, s.r, s.s}) &&
         within({s.n, s.groups, s.c, padded_height(s), padded_width(s)});
}

const Shape* find_shape(const Network& network, std::string_view value) {
  if (const auto constant = network.constants.find(value); constant != network.constants.end()) {
    return &constant->second.shape;
  }
  const auto shape = network.shapes.find(value);
  return shape == network.shapes.end() ? nullptr : &shape->second;
}

}  // namespace mj
