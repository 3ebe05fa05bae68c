#include <array>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

using Binary = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

at::Tensor equal(const at::Tensor& a, const at::Tensor& b) {
  return at::eq(a, b);
}

at::Tensor less(const at::Tensor& a, const at::Tensor& b) {
  return at::lt(a, b);
}

at::Tensor less_or_equal(const at::Tensor& a, const at::Tensor& b) {
  return at::le(a, b);
}

at::Tensor greater(const at::Tensor& a, const at::Tensor& b) {
  return at::gt(a, b);
}

at::Tensor greater_or_equal(const at::Tensor& a, const at::Tensor& b) {
  return at::ge(a, b);
}

template <Binary compute>
Kernel translate_comparison(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  return [](const Operands& in, const BatchSize&) -> Operands {
    check_moderate(at::infer_size(in[0].sizes(), in[1].sizes()));
    return {compute(in[0], in[1]).to(at::kLong)};
  };
}

Kernel translate_not(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return
      [](const Operands& in, const BatchSize&) -> Operands { return {at::logical_not(in[0]).to(at::kLong)}; };
}

Kernel translate_where(const NodeReader& reader) {
  reader.expect_inputs(3, 3);
  return [](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[1].scalar_type() == in[2].scalar_type(), "it chooses between values of different types");
    check_moderate(at::infer_size(at::infer_size(in[0].sizes(), in[1].sizes()), in[2].sizes()));
    return {at::where(in[0] != 0, in[1], in[2])};
  };
}

constexpr std::array<Operator, 10> comparison_table{{
    {"Equal", translate_comparison<equal>},
    {"Less", translate_comparison<less>},
    {"LessOrEqual", translate_comparison<less_or_equal>},
    {"Greater", translate_comparison<greater>},
    {"GreaterOrEqual", translate_comparison<greater_or_equal>},
    {"And", translate_comparison<at::logical_and>},
    {"Or", translate_comparison<at::logical_or>},
    {"Xor", translate_comparison<at::logical_xor>},
    {"Not", translate_not},
    {"Where", translate_where},
}};

}  // namespace

std::span<const Operator> comparison_operators() {
  return comparison_table;
}

}  // namespace mj
