#include <algorithm>
#include <array>
#include <cstdlib>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

/// Inference form only.
Kernel translate_batch_norm(const NodeReader& reader) {
  reader.expect_inputs(5, 5);
  if (reader.flag("training_mode") || reader.integer("spatial", 1) == 0) {
    reader.reject("is in training mode or normalizes each element by itself",
                  "BatchNormalization in its inference form can be executed");
  }
  const float epsilon = reader.number("epsilon", 1e-5F);
  return [epsilon](const Operands& in, const BatchSize&) -> Operands {
    for (std::size_t i = 1; i < 5; ++i) {
      TORCH_CHECK(in[0].dim() > 1 && in[i].dim() == 1 && in[i].size(0) == in[0].size(1),
                  "its parameters must be vectors with a value for each channel");
    }
    return {at::batch_norm(in[0], in[1], in[2], in[3], in[4], false, 0, epsilon, false)};
  };
}

/// Krizhevsky et al. 2012, section 3.3: the sum of squares over neighbouring channels, as the difference of a
/// running sum would lose digits, is taken term by term.
at::Tensor sum_neighbours(const at::Tensor& squares, int64_t size) {
  const int64_t channels = squares.size(1);
  const int64_t before = (size - 1) / 2;
  at::Tensor sum = squares.clone();
  for (int64_t offset = -before; offset <= size - 1 - before; ++offset) {
    const int64_t count = channels - std::abs(offset);
    if (offset != 0 && count > 0) {
      sum.narrow(1, std::max<int64_t>(-offset, 0), count)
          .add_(squares.narrow(1, std::max<int64_t>(offset, 0), count));
    }
  }
  return sum;
}

Kernel translate_lrn(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t size = reader.integer("size", 0);
  if (size < 1 || size > (1 << 16)) {
    reader.reject("has a size of " + std::to_string(size), "must be between 1 and 65536");
  }
  const float alpha = reader.number("alpha", 1e-4F) / static_cast<float>(size);
  const float beta = reader.number("beta", 0.75F);
  const float bias = reader.number("bias", 1);
  return [=](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() > 1, "its input has no channels");
    return {in[0] * (sum_neighbours(in[0] * in[0], size) * alpha + bias).pow(-beta)};
  };
}

using SoftmaxFunction = at::Tensor (*)(const at::Tensor&, int64_t);

at::Tensor softmax(const at::Tensor& x, int64_t dimension) {
  return at::softmax(x, dimension);
}

at::Tensor log_softmax(const at::Tensor& x, int64_t dimension) {
  return at::log_softmax(x, dimension);
}

/// From opset 13 on over one dimension; before, over all dimensions from `axis` on together.
template <SoftmaxFunction compute>
Kernel translate_softmax(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const bool flattens = reader.opset() < 13;
  const int64_t axis = reader.integer("axis", flattens ? 1 : -1);
  return [=](const Operands& in, const BatchSize&) -> Operands {
    if (!flattens) {
      return {compute(in[0], axis)};
    }
    const int64_t first = axis == in[0].dim() ? axis : at::maybe_wrap_dim(axis, in[0].dim());
    const auto rows = in[0].sizes().slice(0, static_cast<std::size_t>(first));
    const auto flat =
        in[0].reshape({c10::multiply_integers(rows),
                       c10::multiply_integers(in[0].sizes().slice(static_cast<std::size_t>(first)))});
    return {compute(flat, 1).reshape(in[0].sizes())};
  };
}

constexpr std::array<Operator, 4> operators{{
    {"BatchNormalization", translate_batch_norm},
    {"LRN", translate_lrn},
    {"Softmax", translate_softmax<softmax>},
    {"LogSoftmax", translate_softmax<log_softmax>},
}};

}  // namespace

std::span<const Operator> normalization_operators() {
  return operators;
}

}  // namespace mj
