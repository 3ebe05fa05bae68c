#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "onnx/shape_arithmetic.h"

namespace mj {
namespace {

/// Operands of one shape, and whether all are whole.
struct Spread {
  std::vector<SmallTensor> operands;
  bool are_whole = true;
};

std::optional<Spread> spread_all(const FoldOperands& operands) {
  Shape shape;
  for (const SmallTensor* value : operands.values) {
    const auto common = value == nullptr ? std::nullopt : broadcast(shape, value->shape);
    if (!common) {
      return std::nullopt;
    }
    shape = *common;
  }
  Spread all;
  for (const SmallTensor* value : operands.values) {
    all.operands.push_back(spread(*value, shape));
    all.are_whole = all.are_whole && value->is_whole;
  }
  return all;
}

using Binary = double (*)(double, double);

const std::map<std::string_view, Binary> arithmetic{
    {"Add", [](double a, double b) { return a + b; }},
    {"Sub", [](double a, double b) { return a - b; }},
    {"Mul", [](double a, double b) { return a * b; }},
    {"Div", [](double a, double b) { return a / b; }},
    {"Min", [](double a, double b) { return std::min(a, b); }},
    {"Max", [](double a, double b) { return std::max(a, b); }}};

const std::map<std::string_view, Binary> comparisons{
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }}};

/// Whole numbers are divided towards zero; floats are rounded to float32 when they become a Tensor.
Folded fold_elements(const Node& node, const FoldOperands& operands) {
  const auto all = spread_all(operands);
  const bool aligns_at_axis = !node.attributes.empty();  // before operator set 7
  if (!all || all->operands.empty() || aligns_at_axis) {
    return std::nullopt;
  }
  const auto compares = comparisons.find(node.op);
  const Binary compute = compares != comparisons.end() ? compares->second : arithmetic.at(node.op);
  SmallTensor result = all->operands[0];
  result.is_whole = all->are_whole || compares != comparisons.end();
  for (std::size_t i = 1; i < all->operands.size(); ++i) {
    for (std::size_t j = 0; j < result.values.size(); ++j) {
      const double value = compute(result.values[j], all->operands[i].values[j]);
      if (!std::isfinite(value)) {
        return std::nullopt;
      }
      result.values[j] = result.is_whole ? std::trunc(value) : static_cast<double>(static_cast<float>(value));
    }
  }
  return result;
}

Folded fold_where(const Node&, const FoldOperands& operands) {
  const auto all = spread_all(operands);
  if (!all || all->operands.size() != 3) {
    return std::nullopt;
  }
  SmallTensor result = all->operands[1];
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = all->operands[all->operands[0].values[i] != 0 ? 1 : 2].values[i];
  }
  return result;
}

Folded fold_rounding(const Node& node, const FoldOperands& operands) {
  const SmallTensor* value = value_of(operands, 0);
  if (value == nullptr) {
    return std::nullopt;
  }
  SmallTensor result = *value;
  for (double& each : result.values) {
    each = node.op == "Floor" ? std::floor(each) : node.op == "Ceil" ? std::ceil(each) : -each;
  }
  return result;
}

/// To the numbers of TensorProto.DataType that this keeps exactly: not to the narrow floats.
Folded fold_cast(const Node& node, const FoldOperands& operands) {
  constexpr std::array<int64_t, 2> floating{1, 11};
  constexpr std::array<int64_t, 8> whole{2, 3, 4, 5, 6, 7, 12, 13};
  constexpr int64_t boolean = 9;
  const SmallTensor* value = value_of(operands, 0);
  const int64_t type = integer_of(node, "to", 0);
  const bool to_whole = std::find(whole.begin(), whole.end(), type) != whole.end() || type == boolean;
  const bool to_floating = std::find(floating.begin(), floating.end(), type) != floating.end();
  if (value == nullptr || (!to_whole && !to_floating)) {
    return std::nullopt;
  }
  SmallTensor result = *value;
  result.is_whole = to_whole;
  for (double& each : result.values) {
    each = type == boolean ? (each != 0 ? 1 : 0) : to_whole ? std::trunc(each) : each;
  }
  return result;
}

Folded fold_product(const Node& node, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  const bool keeps = integer_of(node, "keepdims", 1) != 0;
  if (data == nullptr || data->shape.size() != 1 || integer_of(node, "noop_with_empty_axes", 0) != 0) {
    return std::nullopt;
  }
  const double product =
      std::accumulate(data->values.begin(), data->values.end(), 1.0, std::multiplies<double>());
  return SmallTensor{keeps ? Shape{1} : Shape{}, {product}, data->is_whole};
}

Folded fold_identity(const Node&, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  return data == nullptr ? std::nullopt : Folded(*data);
}

}  // namespace

Fold find_element_fold(std::string_view op) {
  static const std::map<std::string_view, Fold> folds{
      {"Where", fold_where},      {"Cast", fold_cast},    {"Floor", fold_rounding},
      {"Ceil", fold_rounding},    {"Neg", fold_rounding}, {"ReduceProd", fold_product},
      {"Identity", fold_identity}};
  if (arithmetic.contains(op) || comparisons.contains(op)) {
    return fold_elements;
  }
  const auto found = folds.find(op);
  return found == folds.end() ? nullptr : found->second;
}

}  // namespace mj
