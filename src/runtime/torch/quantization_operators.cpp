#include <array>
#include <limits>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

/// What an operand for each index of `axis` is multiplied as; scalars stay as they are.
at::Tensor along_axis(const at::Tensor& operand, const at::Tensor& x, int64_t axis) {
  if (operand.numel() == 1) {
    return operand.reshape({});
  }
  const int64_t dimension = at::maybe_wrap_dim(axis, x.dim());
  TORCH_CHECK(operand.dim() == 1 && operand.size(0) == x.size(dimension),
              "its scale and zero point must be scalars or have a value for each index of axis ", axis);
  std::vector<int64_t> sizes(static_cast<std::size_t>(x.dim()), 1);
  sizes[static_cast<std::size_t>(dimension)] = operand.size(0);
  return operand.reshape(sizes);
}

bool has_zero_point(const Operands& in) {
  return in.size() > 2 && in[2].defined();
}

struct Range {
  int64_t least = 0;
  int64_t most = 255;
};

/// Rounds halves to even and saturates. The result has the zero point's type, without one uint8.
Kernel translate_quantize(const NodeReader& reader) {
  reader.expect_inputs(2, 3);
  const int64_t axis = reader.integer("axis", 1);
  const bool is_signed = reader.input_type(2) == ElementType::int8;
  const Range range = is_signed ? Range{-128, 127} : Range{};
  return [axis, range](const Operands& in, const BatchSize&) -> Operands {
    auto levels = at::round(in[0] / along_axis(in[1], in[0], axis));
    if (has_zero_point(in)) {
      levels = levels + along_axis(in[2], in[0], axis);
    }
    return {levels.clamp(range.least, range.most).to(at::kLong)};
  };
}

Kernel translate_dequantize(const NodeReader& reader) {
  reader.expect_inputs(2, 3);
  const int64_t axis = reader.integer("axis", 1);
  return [axis](const Operands& in, const BatchSize&) -> Operands {
    const auto levels = has_zero_point(in) ? in[0] - along_axis(in[2], in[0], axis) : in[0];
    return {levels * along_axis(in[1], in[0], axis)};
  };
}

constexpr std::array<Operator, 2> quantization_table{{
    {"QuantizeLinear", translate_quantize},
    {"DequantizeLinear", translate_dequantize},
}};

}  // namespace

std::span<const Operator> quantization_operators() {
  return quantization_table;
}

}  // namespace mj
