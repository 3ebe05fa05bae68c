#include <array>
#include <functional>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

using Binary = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

bool is_integral(const at::Tensor& tensor) {
  return at::isIntegralType(tensor.scalar_type(), true);
}

at::Tensor checked(const at::Tensor& a, const at::Tensor& b, Binary compute) {
  check_moderate(at::infer_size(a.sizes(), b.sizes()));
  return compute(a, b);
}

at::Tensor add(const at::Tensor& a, const at::Tensor& b) {
  return a + b;
}

at::Tensor subtract(const at::Tensor& a, const at::Tensor& b) {
  return a - b;
}

at::Tensor multiply(const at::Tensor& a, const at::Tensor& b) {
  return a * b;
}

/// Integers are divided towards zero.
at::Tensor divide(const at::Tensor& a, const at::Tensor& b) {
  return is_integral(a) && is_integral(b) ? at::div(a, b, "trunc") : at::div(a, b);
}

/// The result has the base's type.
at::Tensor power(const at::Tensor& a, const at::Tensor& b) {
  if (is_integral(a)) {
    return at::pow(a.to(at::kDouble), b).to(a.scalar_type());
  }
  // Squares and roots of numbers are quick, not those of tensors.
  return b.numel() == 1 && b.dim() <= a.dim() ? at::pow(a, b.item()) : at::pow(a, b);
}

at::Tensor larger(const at::Tensor& a, const at::Tensor& b) {
  return at::maximum(a, b);
}

at::Tensor smaller(const at::Tensor& a, const at::Tensor& b) {
  return at::minimum(a, b);
}

/// Before opset 7 the second operand is aligned at `axis` instead of at the last dimension.
at::Tensor align(const at::Tensor& a, at::Tensor b, int64_t axis) {
  const int64_t behind = a.dim() - at::maybe_wrap_dim(axis, a.dim()) - b.dim();
  for (int64_t i = 0; i < behind; ++i) {
    b = b.unsqueeze(-1);
  }
  return b;
}

template <Binary compute>
Kernel translate_binary(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  if (reader.opset() < 7 && reader.has("axis")) {
    const int64_t axis = reader.integer("axis", 0);
    return [axis](const Operands& in, const BatchSize&) -> Operands {
      return {checked(in[0], align(in[0], in[1], axis), compute)};
    };
  }
  return [](const Operands& in, const BatchSize&) -> Operands { return {checked(in[0], in[1], compute)}; };
}

/// Sums of maps are written over the first of them where that is free.
Kernel translate_add(const NodeReader& reader) {
  const Kernel general = translate_binary<add>(reader);
  return [general](const Operands& in, const BatchSize& batch) -> Operands {
    if (in[0].sizes() == in[1].sizes() && in[0].scalar_type() == in[1].scalar_type() &&
        may_overwrite(in[0])) {
      return {at::Tensor(in[0]).add_(in[1])};
    }
    return general(in, batch);
  };
}

/// One or more operands, taken together from the left.
template <Binary compute>
Operands combine(const Operands& in) {
  at::Tensor result = in[0];
  for (std::size_t i = 1; i < in.size(); ++i) {
    result = checked(result, in[i], compute);
  }
  return {result};
}

template <Binary compute>
Kernel translate_variadic(const NodeReader& reader) {
  reader.expect_inputs(1, 1000);
  return [](const Operands& in, const BatchSize&) { return combine<compute>(in); };
}

Kernel translate_mean(const NodeReader& reader) {
  reader.expect_inputs(1, 1000);
  return [](const Operands& in, const BatchSize&) -> Operands {
    return {combine<add>(in)[0] / static_cast<double>(in.size())};
  };
}

constexpr std::array<Operator, 20> arithmetic_table{{
    {"Add", translate_add},
    {"Sub", translate_binary<subtract>},
    {"Mul", translate_binary<multiply>},
    {"Div", translate_binary<divide>},
    {"Pow", translate_binary<power>},
    {"Sum", translate_variadic<add>},
    {"Max", translate_variadic<larger>},
    {"Min", translate_variadic<smaller>},
    {"Mean", translate_mean},
    {"Sqrt", translate_unary<at::sqrt>},
    {"Neg", translate_unary<at::neg>},
    {"Exp", translate_unary<at::exp>},
    {"Log", translate_unary<at::log>},
    {"Abs", translate_unary<at::abs>},
    {"Reciprocal", translate_unary<at::reciprocal>},
    {"Floor", translate_unary<at::floor>},
    {"Ceil", translate_unary<at::ceil>},
    {"Round", translate_unary<at::round>},
    {"Sign", translate_unary<at::sign>},
    {"Erf", translate_unary<at::erf>},
}};

}  // namespace

std::span<const Operator> arithmetic_operators() {
  return arithmetic_table;
}

}  // namespace mj
