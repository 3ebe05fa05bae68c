#include <algorithm>
#include <cstddef>
#include <limits>

#include "network/layer_rules.h"

namespace mj {
namespace {

/// The operands of a matrix product: leading dimensions, rows x inner and inner x columns.
struct Product {
  Shape left;
  Shape right;
};

/// The product of the sizes from `begin` up to the last `trailing`; the largest number where it overflows.
int64_t leading_product(const Shape& shape, std::size_t begin, std::size_t trailing) {
  if (begin + trailing >= shape.size()) {
    return 1;
  }
  const auto first = shape.begin() + static_cast<std::ptrdiff_t>(begin);
  return checked_element_count(Shape(first, shape.end() - static_cast<std::ptrdiff_t>(trailing)))
      .value_or(std::numeric_limits<int64_t>::max());
}

void check_inner(const Network& network, const Node& node, const Product& product) {
  const int64_t inner = product.right[product.right.size() - 2];
  if (product.left.back() != inner) {
    reject(network, node, "multiplies " + to_string(product.left) + " by " + to_string(product.right),
           "the inner sizes " + std::to_string(product.left.back()) + " and " + std::to_string(inner) +
               " must be equal");
  }
}

/// Rows are the positions of one image: a fully connected layer has one, a sequence as many as it is long.
LayerShape weighted_shape(const Product& product) {
  LayerShape shape;
  shape.n = product.left.size() > 1 ? product.left.front() : 1;
  shape.p = leading_product(product.left, 1, 1);
  shape.height = shape.p;
  shape.c = product.left.back();
  shape.k = product.right.back();
  return shape;
}

/// NumPy's broadcasting of the dimensions before the last two.
Shape broadcast_leading(const Network& network, const Node& node, const Product& product) {
  Shape longer(product.left.begin(), product.left.end() - 2);
  Shape shorter(product.right.begin(), product.right.end() - 2);
  if (longer.size() < shorter.size()) {
    longer.swap(shorter);
  }
  shorter.insert(shorter.begin(), longer.size() - shorter.size(), 1);
  for (std::size_t i = 0; i < longer.size(); ++i) {
    if (longer[i] != shorter[i] && longer[i] != 1 && shorter[i] != 1) {
      reject(network, node, "multiplies " + to_string(product.left) + " by " + to_string(product.right),
             "the leading sizes must be equal or 1");
    }
    longer[i] = std::max(longer[i], shorter[i]);
  }
  return longer;
}

/// Two activations: what stands between batch and matrix are heads, each with a product of its own.
LayerShape unweighted_shape(const Network& network, const Node& node, Product product) {
  if (product.left.size() == 1) {
    product.left.insert(product.left.begin(), 1);
  }
  const Shape leading = broadcast_leading(network, node, product);
  LayerShape shape;
  shape.n = leading.empty() ? 1 : leading.front();
  shape.groups = leading_product(leading, 1, 0);
  shape.p = product.left[product.left.size() - 2];
  shape.height = shape.p;
  shape.c = product.left.back();
  shape.k = product.right.back();
  return shape;
}

}  // namespace

LayerRule gemm_rule(const Network& network, const Dataflow& flow, const Node& node) {
  Product product{operand_shape(network, node, 0), operand_shape(network, node, 1)};
  if (product.left.size() != 2 || product.right.size() != 2) {
    reject(network, node, "multiplies " + to_string(product.left) + " by " + to_string(product.right),
           "both must be matrices");
  }
  const auto is_set = [&](const char* name) {
    const auto* attribute = find_attribute<int64_t>(node, name);
    return attribute != nullptr && *attribute != 0;
  };
  if (is_set("transA")) {
    reject(network, node, "multiplies the transpose of its input", "transA must be 0");
  }
  const bool output_first = is_set("transB");
  if (output_first) {
    std::swap(product.right[0], product.right[1]);
  }
  check_inner(network, node, product);
  if (flow.from_data.contains(node.inputs[1])) {
    return {unweighted_shape(network, node, product), WeightLayout::none};
  }
  return {weighted_shape(product), output_first ? WeightLayout::output_first : WeightLayout::input_first};
}

std::optional<LayerRule> matmul_rule(const Network& network, const Dataflow& flow, const Node& node) {
  Product product{operand_shape(network, node, 0), operand_shape(network, node, 1)};
  const bool left_from_data = flow.from_data.contains(node.inputs[0]);
  const bool right_from_data = flow.from_data.contains(node.inputs[1]);
  if (!left_from_data && !right_from_data) {
    return std::nullopt;
  }
  if (product.left.empty() || product.right.empty()) {
    reject(network, node, "multiplies " + to_string(product.left) + " by " + to_string(product.right),
           "neither may be a scalar");
  }
  if (product.right.size() == 1) {
    product.right.push_back(1);
  }
  check_inner(network, node, product);
  const bool one_matrix = leading_product(product.right, 0, 2) == 1;
  if (!right_from_data && one_matrix) {
    return LayerRule{weighted_shape(product), WeightLayout::input_first};
  }
  return LayerRule{unweighted_shape(network, node, product), WeightLayout::none};
}

}  // namespace mj
