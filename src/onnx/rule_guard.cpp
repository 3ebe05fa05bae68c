#include "onnx/rule_guard.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mj {
namespace {

// clang-format off
constexpr auto allowed = std::to_array<std::string_view>({
    "Abs", "Acos", "Acosh", "Add", "And", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan", "Atanh",
    "AveragePool", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Concat", "ConstantOfShape",
    "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum", "DepthToSpace", "DequantizeLinear", "Div",
    "Dropout", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "Gemm",
    "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid",
    "HardSwish", "Hardmax", "Identity", "InstanceNormalization", "LRN", "LeakyRelu",
    "Less", "LessOrEqual", "Log", "LogSoftmax", "LpNormalization", "LpPool", "MatMul", "Max", "MaxPool",
    "Mean", "MeanVarianceNormalization", "Min", "Mod", "Mul", "Neg", "Not", "OneHot", "Or", "PRelu",
    "Pad", "Pow", "QuantizeLinear", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "Selu", "Shape", "Shrink", "Sigmoid", "Sign",
    "Sin", "Sinh", "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt",
    "Squeeze", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose", "Unsqueeze",
    "Upsample", "Where", "Xor"});
// clang-format on

/// Operators that make as many dimensions as one of their inputs, not the data, is long.
constexpr auto rank_makers =
    std::to_array<std::string_view>({"ConstantOfShape", "Expand", "Reshape", "Resize", "Tile", "Upsample"});
constexpr int64_t most_dimensions = 64;

template <class Names>
bool is_among(const Names& names, std::string_view op) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

bool has_positive_sizes(const Node& node) {
  constexpr std::array<std::string_view, 3> positive{"strides", "dilations", "kernel_shape"};
  return std::all_of(positive.begin(), positive.end(), [&](std::string_view name) {
    const auto* sizes = find_attribute<std::vector<int64_t>>(node, name);
    return sizes == nullptr ||
           std::all_of(sizes->begin(), sizes->end(), [](int64_t size) { return size > 0; });
  });
}

bool has_rank(const InputShapes& inputs, std::size_t input, std::size_t least, std::size_t most) {
  return input < inputs.size() && inputs[input].has_value() && inputs[input]->size() >= least &&
         inputs[input]->size() <= most;
}

}  // namespace

bool is_rule_safe(const Node& node, const InputShapes& inputs) {
  if (!is_among(allowed, node.op) || !has_positive_sizes(node)) {
    return false;
  }
  if (node.op == "Conv" || node.op == "ConvTranspose") {
    return has_rank(inputs, 0, 3, most_dimensions) &&
           has_rank(inputs, 1, inputs[0]->size(), inputs[0]->size());
  }
  if (node.op == "Gemm") {
    return has_rank(inputs, 0, 2, 2) && has_rank(inputs, 1, 2, 2);
  }
  if (is_among(rank_makers, node.op)) {
    const bool has_data = node.op != "ConstantOfShape" && !inputs.empty();
    return std::none_of(inputs.begin() + (has_data ? 1 : 0), inputs.end(),
                        [](const std::optional<Shape>& shape) {
                          return shape.has_value() && shape->size() == 1 && shape->front() > most_dimensions;
                        });
  }
  return true;
}

bool keeps_shape(const Node& node) {
  constexpr auto known =
      std::to_array<std::string_view>({"Gelu", "GroupNormalization", "LayerNormalization", "Mish"});
  return is_among(known, node.op);
}

}  // namespace mj
