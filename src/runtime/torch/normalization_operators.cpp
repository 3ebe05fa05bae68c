#include <algorithm>
#include <array>
#include <cstdlib>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

void check_parameters(const Operands& in) {
  for (std::size_t i = 1; i < 5; ++i) {
    TORCH_CHECK(in[0].dim() > 1 && in[i].dim() == 1 && in[i].size(0) == in[0].size(1),
                "its parameters must be vectors with a value for each channel");
  }
}

/// By the batch's own statistics, which are defined for the batch that the graph was written for alone; gives
/// the running mean and variance too.
Operands normalize_by_batch(const Operands& in, const BatchSize& batch, float epsilon, float momentum) {
  TORCH_CHECK(batch.actual == batch.declared,
              "it is in training mode, where its result depends on the batch: ", batch.declared,
              " in the graph, ", batch.actual, " here");
  std::vector<int64_t> dimensions{0};
  for (int64_t i = 2; i < in[0].dim(); ++i) {
    dimensions.push_back(i);
  }
  const auto mean = in[0].mean(dimensions);
  const auto variance = in[0].var(dimensions, false);
  const auto mix = [momentum](const at::Tensor& running, const at::Tensor& now) {
    return running * momentum + now * (1 - momentum);
  };
  return {at::batch_norm(in[0], in[1], in[2], mean, variance, false, 0, epsilon, false), mix(in[3], mean),
          mix(in[4], variance)};
}

Kernel translate_batch_norm(const NodeReader& reader) {
  reader.expect_inputs(5, 5);
  if (reader.integer("spatial", 1) == 0) {
    reader.reject("normalizes each element by itself",
                  "BatchNormalization of whole channels can be executed");
  }
  const float epsilon = reader.number("epsilon", 1e-5F);
  const float momentum = reader.number("momentum", 0.9F);
  const bool trains = reader.flag("training_mode");
  return [=](const Operands& in, const BatchSize& batch) -> Operands {
    check_parameters(in);
    if (trains) {
      return normalize_by_batch(in, batch, epsilon, momentum);
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
  const bool is_positive = alpha >= 0 && bias > 0;
  const auto normalize = [=](const at::Tensor& maps) {
    const auto base = sum_neighbours(maps * maps, size) * alpha + bias;
    // libtorch's power takes ten times as long.
    return maps * (is_positive ? (base.log() * -beta).exp() : base.pow(-beta));
  };
  return [=](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() > 1, "its input has no channels");
    // Image by image, since what stands in between would leave the processor's cache.
    std::vector<at::Tensor> images = in[0].split(1);
    std::transform(images.begin(), images.end(), images.begin(), normalize);
    return {at::cat(images)};
  };
}

/// Over the dimensions from `axis` on; gives the mean and the inverse standard deviation too.
Kernel translate_layer_norm(const NodeReader& reader) {
  reader.expect_inputs(2, 3);
  const int64_t axis = reader.integer("axis", -1);
  const float epsilon = reader.number("epsilon", 1e-5F);
  return [=](const Operands& in, const BatchSize&) -> Operands {
    const auto first = static_cast<std::size_t>(at::maybe_wrap_dim(axis, in[0].dim()));
    const auto normalized = in[0].sizes().slice(first);
    const auto shift = in.size() > 2 && in[2].defined() ? in[2].expand(normalized) : at::Tensor();
    const auto [result, mean, deviation] =
        at::native_layer_norm(in[0], normalized, in[1].expand(normalized), shift, epsilon);
    return {result, mean, deviation};
  };
}

Kernel translate_instance_norm(const NodeReader& reader) {
  reader.expect_inputs(3, 3);
  const float epsilon = reader.number("epsilon", 1e-5F);
  return [epsilon](const Operands& in, const BatchSize&) -> Operands {
    for (const std::size_t i : {1U, 2U}) {
      TORCH_CHECK(in[0].dim() > 2 && in[i].dim() == 1 && in[i].size(0) == in[0].size(1),
                  "its scale and shift must be vectors with a value for each channel");
    }
    return {at::instance_norm(in[0], in[1], in[2], {}, {}, true, 0, epsilon, false)};
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

constexpr std::array<Operator, 6> normalization_table{{
    {"BatchNormalization", translate_batch_norm},
    {"LRN", translate_lrn},
    {"LayerNormalization", translate_layer_norm},
    {"InstanceNormalization", translate_instance_norm},
    {"Softmax", translate_softmax<softmax>},
    {"LogSoftmax", translate_softmax<log_softmax>},
}};

}  // namespace

std::span<const Operator> normalization_operators() {
  return normalization_table;
}

}  // namespace mj
