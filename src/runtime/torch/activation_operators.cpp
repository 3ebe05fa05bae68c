#include <array>
#include <limits>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

Kernel translate_relu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands {
    return {may_overwrite(in[0]) ? at::Tensor(in[0]).relu_() : at::relu(in[0])};
  };
}

Kernel translate_leaky_relu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 0.01F);
  return [alpha](const Operands& in, const BatchSize&) -> Operands { return {at::leaky_relu(in[0], alpha)}; };
}

/// Before opset 7 a slope of one dimension belongs to the channels; later it is broadcast from the last
/// dimension.
Kernel translate_prelu(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  const bool by_channel = reader.opset() < 7;
  return [by_channel](const Operands& in, const BatchSize&) -> Operands {
    at::Tensor slope = in[1];
    if (by_channel && slope.dim() == 1) {
      for (int64_t i = 2; i < in[0].dim(); ++i) {
        slope = slope.unsqueeze(-1);
      }
    }
    return {at::where(in[0] < 0, in[0] * slope, in[0])};
  };
}

Kernel translate_elu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 1);
  return [alpha](const Operands& in, const BatchSize&) -> Operands { return {at::elu(in[0], alpha)}; };
}

Kernel translate_selu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 1.67326319F);
  const float gamma = reader.number("gamma", 1.05070102F);
  return [=](const Operands& in, const BatchSize&) -> Operands { return {at::elu(in[0], alpha, gamma)}; };
}

Kernel translate_hard_sigmoid(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 0.2F);
  const float beta = reader.number("beta", 0.5F);
  return
      [=](const Operands& in, const BatchSize&) -> Operands { return {(in[0] * alpha + beta).clamp(0, 1)}; };
}

Kernel translate_celu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 1);
  if (alpha == 0) {
    reader.reject("has an alpha of 0", "must not be 0");
  }
  return [alpha](const Operands& in, const BatchSize&) -> Operands { return {at::celu(in[0], alpha)}; };
}

Kernel translate_thresholded_relu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const float alpha = reader.number("alpha", 1);
  return [alpha](const Operands& in, const BatchSize&) -> Operands {
    return {at::where(in[0] > alpha, in[0], at::zeros_like(in[0]))};
  };
}

Kernel translate_gelu(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const auto approximation = reader.text("approximate", "none");
  if (approximation != "none" && approximation != "tanh") {
    reader.reject("has the approximate '" + approximation + "'", "must be none or tanh");
  }
  return [approximation](const Operands& in, const BatchSize&) -> Operands {
    return {at::gelu(in[0], approximation)};
  };
}

using Bound = c10::optional<at::Scalar>;

/// A number: a tensor would be broadcast element by element.
Bound bound(const Operands& in, std::size_t index) {
  if (index >= in.size() || !in[index].defined()) {
    return c10::nullopt;
  }
  TORCH_CHECK(in[index].numel() == 1, "its bounds must be scalars");
  return in[index].item();
}

at::Tensor clip_to(const at::Tensor& values, const Bound& low, const Bound& high) {
  if (!low && !high) {
    return values;
  }
  return may_overwrite(values) ? at::Tensor(values).clamp_(low, high) : at::clamp(values, low, high);
}

/// The bounds are attributes before opset 11.
Kernel translate_clip(const NodeReader& reader) {
  reader.expect_inputs(1, 3);
  if (reader.opset() >= 11) {
    return [](const Operands& in, const BatchSize&) -> Operands {
      return {clip_to(in[0], bound(in, 1), bound(in, 2))};
    };
  }
  const float low = reader.number("min", std::numeric_limits<float>::lowest());
  const float high = reader.number("max", std::numeric_limits<float>::max());
  return [=](const Operands& in, const BatchSize&) -> Operands { return {clip_to(in[0], low, high)}; };
}

at::Tensor softplus(const at::Tensor& x) {
  return at::softplus(x);
}

at::Tensor softsign(const at::Tensor& x) {
  return x / (1 + x.abs());
}

constexpr std::array<Operator, 15> activation_table{{
    {"Relu", translate_relu},
    {"LeakyRelu", translate_leaky_relu},
    {"PRelu", translate_prelu},
    {"Elu", translate_elu},
    {"Selu", translate_selu},
    {"Celu", translate_celu},
    {"Gelu", translate_gelu},
    {"ThresholdedRelu", translate_thresholded_relu},
    {"Clip", translate_clip},
    {"Sigmoid", translate_unary<at::sigmoid>},
    {"HardSigmoid", translate_hard_sigmoid},
    {"HardSwish", translate_unary<at::hardswish>},
    {"Tanh", translate_unary<at::tanh>},
    {"Softplus", translate_unary<softplus>},
    {"Softsign", translate_unary<softsign>},
}};

}  // namespace

std::span<const Operator> activation_operators() {
  return activation_table;
}

}  // namespace mj
