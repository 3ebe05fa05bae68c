#include "onnx/shape_arithmetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace mj {
namespace {

SmallTensor line_of(std::vector<double> values, bool is_whole = true) {
  return {{static_cast<int64_t>(values.size())}, std::move(values), is_whole};
}

/// From an input in later operator sets, from the attribute in earlier ones; nullopt where it is unknown.
std::optional<std::vector<int64_t>> list(const Node& node, const FoldOperands& operands,
                                         std::string_view name, std::size_t index) {
  if (index < node.inputs.size() && !node.inputs[index].empty()) {
    const SmallTensor* value = value_of(operands, index);
    return value == nullptr ? std::nullopt : std::optional(to_tensor(*value).integers);
  }
  const auto* given = find_attribute<std::vector<int64_t>>(node, name);
  return given == nullptr ? std::vector<int64_t>{} : *given;
}

/// Bounds as Shape and Slice have them: negative ones count from the end, those beyond are moved there.
std::size_t place(int64_t index, std::size_t size) {
  const auto end = static_cast<int64_t>(size);
  return static_cast<std::size_t>(
      std::clamp<int64_t>(index < 0 ? std::max(index, -end) + end : index, 0, end));
}

Folded fold_shape(const Node& node, const FoldOperands& operands) {
  if (operands.shapes.empty() || !operands.shapes[0] || !checked_element_count(*operands.shapes[0])) {
    return std::nullopt;
  }
  const Shape& shape = *operands.shapes[0];
  if (node.op == "Size") {
    return SmallTensor{{}, {static_cast<double>(element_count(shape))}};
  }
  const std::size_t start = place(integer_of(node, "start", 0), shape.size());
  const std::size_t end = place(integer_of(node, "end", std::numeric_limits<int64_t>::max()), shape.size());
  const auto first = shape.begin() + static_cast<std::ptrdiff_t>(start);
  return line_of({first, shape.begin() + static_cast<std::ptrdiff_t>(std::max(start, end))});
}

Folded fold_gather(const Node& node, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  const SmallTensor* indices = value_of(operands, 1);
  const int64_t axis = integer_of(node, "axis", 0);
  if (data == nullptr || indices == nullptr || data->shape.size() != 1 || (axis != 0 && axis != -1)) {
    return std::nullopt;
  }
  SmallTensor result{indices->shape, {}, data->is_whole};
  const auto size = static_cast<double>(data->values.size());
  for (const double index : indices->values) {
    const double at = index < 0 ? index + size : index;
    if (!(at >= 0 && at < size)) {
      return std::nullopt;
    }
    result.values.push_back(data->values[static_cast<std::size_t>(at)]);
  }
  return result;
}

Folded fold_concat(const Node&, const FoldOperands& operands) {
  std::vector<double> values;
  bool is_whole = true;
  for (const SmallTensor* value : operands.values) {
    if (value == nullptr || value->shape.size() != 1) {
      return std::nullopt;
    }
    values.insert(values.end(), value->values.begin(), value->values.end());
    is_whole = is_whole && value->is_whole;
  }
  return values.size() <= most_small_elements ? Folded(line_of(std::move(values), is_whole)) : std::nullopt;
}

/// Of a line, forwards.
Folded fold_slice(const Node& node, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  const auto starts = list(node, operands, "starts", 1);
  const auto ends = list(node, operands, "ends", 2);
  const auto steps = list(node, operands, "steps", 4);
  if (data == nullptr || data->shape.size() != 1 || !starts || starts->size() != 1 || !ends ||
      ends->size() != 1 || !steps || (!steps->empty() && (steps->size() != 1 || steps->front() < 1))) {
    return std::nullopt;
  }
  const std::size_t end = place(ends->front(), data->values.size());
  const auto step =
      static_cast<std::size_t>(std::min<int64_t>(steps->empty() ? 1 : steps->front(), most_small_elements));
  std::vector<double> values;
  for (std::size_t i = place(starts->front(), data->values.size()); i < end; i += step) {
    values.push_back(data->values[i]);
  }
  return line_of(std::move(values), data->is_whole);
}

/// Squeeze, Unsqueeze and Reshape between scalars and lines.
Folded fold_view(const Node& node, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  if (data == nullptr) {
    return std::nullopt;
  }
  if (node.op == "Unsqueeze" && data->shape.empty()) {
    const auto axes = list(node, operands, "axes", 1);
    return axes && axes->size() == 1 ? Folded(line_of(data->values, data->is_whole)) : std::nullopt;
  }
  if (node.op == "Squeeze" && data->shape == Shape{1}) {
    return SmallTensor{{}, data->values, data->is_whole};
  }
  const auto target = list(node, operands, "shape", 1);
  const auto count = static_cast<int64_t>(data->values.size());
  if (node.op != "Reshape" || !target || target->size() > 1) {
    return std::nullopt;
  }
  if (target->empty()) {
    return count == 1 ? Folded(SmallTensor{{}, data->values, data->is_whole}) : std::nullopt;
  }
  return target->front() == -1 || target->front() == count ? Folded(line_of(data->values, data->is_whole))
                                                           : std::nullopt;
}

Folded fold_constant_of_shape(const Node& node, const FoldOperands& operands) {
  const SmallTensor* sizes = value_of(operands, 0);
  const auto* given = find_attribute<Tensor>(node, "value");
  const Folded value = given == nullptr ? SmallTensor{{1}, {0}, false} : to_small(*given);
  if (sizes == nullptr || !value || value->values.size() != 1) {
    return std::nullopt;
  }
  const auto shape = broadcast({}, to_tensor(*sizes).integers);
  return shape ? Folded(spread({{}, value->values, value->is_whole}, *shape)) : std::nullopt;
}

Folded fold_expand(const Node&, const FoldOperands& operands) {
  const SmallTensor* data = value_of(operands, 0);
  const SmallTensor* sizes = value_of(operands, 1);
  const auto shape =
      data == nullptr || sizes == nullptr ? std::nullopt : broadcast(data->shape, to_tensor(*sizes).integers);
  return shape ? Folded(spread(*data, *shape)) : std::nullopt;
}

Folded fold_range(const Node&, const FoldOperands& operands) {
  std::array<double, 3> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const SmallTensor* value = value_of(operands, i);
    if (value == nullptr || value->values.size() != 1) {
      return std::nullopt;
    }
    bounds[i] = value->values[0];
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (!(count <= static_cast<double>(most_small_elements))) {
    return std::nullopt;
  }
  std::vector<double> values;
  for (int64_t i = 0; static_cast<double>(i) < count; ++i) {
    values.push_back(bounds[0] + static_cast<double>(i) * bounds[2]);
  }
  return line_of(std::move(values), operands.values[0]->is_whole);
}

}  // namespace

const SmallTensor* value_of(const FoldOperands& operands, std::size_t index) {
  return index < operands.values.size() ? operands.values[index] : nullptr;
}

int64_t integer_of(const Node& node, std::string_view attribute, int64_t fallback) {
  const auto* value = find_attribute<int64_t>(node, attribute);
  return value == nullptr ? fallback : *value;
}

Fold find_fold(const Node& node) {
  static const std::map<std::string_view, Fold> folds{
      {"Shape", fold_shape},    {"Size", fold_shape},
      {"Gather", fold_gather},  {"Concat", fold_concat},
      {"Slice", fold_slice},    {"Squeeze", fold_view},
      {"Unsqueeze", fold_view}, {"Reshape", fold_view},
      {"Expand", fold_expand},  {"ConstantOfShape", fold_constant_of_shape},
      {"Range", fold_range}};
  if (!node.domain.empty() || node.outputs.size() != 1) {
    return nullptr;
  }
  const auto found = folds.find(node.op);
  return found != folds.end() ? found->second : find_element_fold(node.op);
}

}  // namespace mj
