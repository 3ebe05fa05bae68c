#include <array>

#include "runtime/torch/operators.h"
#include "runtime/torch/window.h"

namespace mj {
namespace {

at::Tensor convolve(const Window& window, int64_t groups, const Operands& in) {
  const at::Tensor& weights = in[1];
  TORCH_CHECK(weights.dim() > 2, "its weights have ", weights.dim(), " dimensions and need at least 3");
  TORCH_CHECK(groups <= weights.size(0) && weights.size(0) % groups == 0 && in[0].dim() > 1 &&
                  in[0].size(1) % groups == 0 && in[0].size(1) / groups == weights.size(1),
              "its channels do not divide into ", groups, " groups of its weights");
  const auto placed = place_window(window, in[0].sizes(), weights.sizes().slice(2));
  TORCH_CHECK(weights.sizes().slice(2) == at::IntArrayRef(placed.kernel),
              "its kernel_shape is not that of its weights");
  std::vector<int64_t> result{in[0].size(0), weights.size(0)};
  result.insert(result.end(), placed.outputs.begin(), placed.outputs.end());
  check_moderate(result);
  const std::vector<int64_t> none(placed.kernel.size(), 0);
  const bool symmetric = placed.is_symmetric();
  const auto input = symmetric ? in[0] : pad_constant(in[0], placed.head, placed.tail, 0);
  const auto bias = in.size() > 2 ? in[2] : at::Tensor();
  const auto pads = symmetric ? placed.head : none;
  // at::convolution takes a slower way where one thread works on a few images of 1 x 1 filters.
  if (!at::GradMode::is_enabled() && input.dim() == 4 && input.scalar_type() == at::kFloat &&
      input.numel() > 0 && at::globalContext().userEnabledMkldnn()) {
    return at::mkldnn_convolution(input, weights, bias, pads, placed.strides, placed.dilations, groups);
  }
  return at::convolution(input, weights, bias, placed.strides, pads, placed.dilations, false, none, groups);
}

Kernel translate_conv(const NodeReader& reader) {
  reader.expect_inputs(2, 3);
  const auto window = read_window(reader);
  const int64_t groups = reader.integer("group", 1);
  if (groups < 1) {
    reader.reject("has " + std::to_string(groups) + " groups", "must be at least 1");
  }
  return [window, groups](const Operands& in, const BatchSize&) -> Operands {
    return {convolve(window, groups, in)};
  };
}

Kernel translate_gemm(const NodeReader& reader) {
  reader.expect_inputs(2, 3);
  const float alpha = reader.number("alpha", 1);
  const float beta = reader.number("beta", 1);
  const bool transpose_a = reader.flag("transA");
  const bool transpose_b = reader.flag("transB");
  return [=](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() == 2 && in[1].dim() == 2, "both factors must be matrices");
    const auto a = transpose_a ? in[0].t() : in[0];
    const auto b = transpose_b ? in[1].t() : in[1];
    if (in.size() > 2 && in[2].defined()) {
      return {at::addmm(in[2], a, b, beta, alpha)};
    }
    const auto product = at::mm(a, b);
    return {alpha == 1 ? product : product * alpha};
  };
}

Kernel translate_matmul(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  return [](const Operands& in, const BatchSize&) -> Operands { return {at::matmul(in[0], in[1])}; };
}

Kernel translate_einsum(const NodeReader& reader) {
  reader.expect_inputs(1, 1000);
  const auto equation = reader.text("equation", "");
  return [equation](const Operands& in, const BatchSize&) -> Operands { return {at::einsum(equation, in)}; };
}

constexpr std::array<Operator, 4> linear_table{{
    {"Conv", translate_conv},
    {"Gemm", translate_gemm},
    {"MatMul", translate_matmul},
    {"Einsum", translate_einsum},
}};

}  // namespace

std::span<const Operator> linear_operators() {
  return linear_table;
}

}  // namespace mj
