#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/torch/operators.h"
#include "runtime/torch/tensors.h"

namespace mj {
namespace {

Kernel translate_shape(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t start = reader.integer("start", 0);
  const int64_t end = reader.integer("end", std::numeric_limits<int64_t>::max());
  return [=](const Operands& in, const BatchSize&) -> Operands {
    const int64_t rank = in[0].dim();
    const auto place = [rank](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
    };
    const int64_t first = place(start);
    const int64_t count = std::max<int64_t>(place(end) - first, 0);
    const auto sizes = in[0].sizes().slice(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return {at::tensor(sizes, at::kLong)};
  };
}

Kernel give(const Tensor& value) {
  const auto tensor = to_torch(value);
  return [tensor](const Operands&, const BatchSize&) -> Operands { return {tensor}; };
}

Kernel translate_constant(const NodeReader& reader) {
  reader.expect_inputs(0, 0);
  if (const Tensor* value = reader.tensor("value")) {
    return give(*value);
  }
  if (reader.has("value_float")) {
    return give({ElementType::float32, {}, {reader.number("value_float", 0)}, {}});
  }
  if (reader.has("value_int")) {
    return give({ElementType::int64, {}, {}, {reader.integer("value_int", 0)}});
  }
  if (reader.has("value_floats")) {
    const auto values = reader.numbers("value_floats");
    return give({ElementType::float32, {static_cast<int64_t>(values.size())}, values, {}});
  }
  if (reader.has("value_ints")) {
    const auto values = reader.integers("value_ints");
    return give({ElementType::int64, {static_cast<int64_t>(values.size())}, {}, values});
  }
  reader.reject("has no value of numbers",
                "must have one of the attributes value, value_float, value_floats, "
                "value_int and value_ints");
}

Kernel translate_constant_of_shape(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const Tensor* given = reader.tensor("value");
  const auto value = given == nullptr ? at::zeros({1}) : to_torch(*given);
  if (value.numel() != 1) {
    reader.reject("has a value of " + std::to_string(value.numel()) + " numbers", "must have one");
  }
  return [value](const Operands& in, const BatchSize&) -> Operands {
    const auto sizes = to_integers(in[0]);
    check_moderate(sizes);
    return {value.reshape({}).expand(sizes)};
  };
}

Kernel translate_size(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands {
    return {at::scalar_tensor(in[0].numel(), at::kLong)};
  };
}

Kernel translate_range(const NodeReader& reader) {
  reader.expect_inputs(3, 3);
  return [](const Operands& in, const BatchSize&) -> Operands {
    std::array<double, 3> bounds{};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      TORCH_CHECK(in[i].numel() == 1, "its start, limit and delta must be scalars");
      bounds[i] = in[i].item<double>();
    }
    const auto [start, limit, delta] = bounds;
    const double count = std::ceil((limit - start) / delta);
    TORCH_CHECK(count <= static_cast<double>(most_elements), "it counts from ", start, " to ", limit,
                " in steps of ", delta);
    const auto steps = at::arange(static_cast<int64_t>(std::max(count, 0.0)), at::kDouble);
    return {(steps * delta + start).to(in[0].scalar_type())};
  };
}

constexpr std::array<Operator, 5> source_table{{
    {"Constant", translate_constant},
    {"ConstantOfShape", translate_constant_of_shape},
    {"Range", translate_range},
    {"Shape", translate_shape},
    {"Size", translate_size},
}};

}  // namespace

std::span<const Operator> source_operators() {
  return source_table;
}

}  // namespace mj
