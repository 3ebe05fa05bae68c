#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

int64_t product(at::IntArrayRef sizes) {
  return c10::multiply_integers(sizes);
}

/// A target shape that was written down for the declared batch, changed to the actual one: where only so the
/// element counts agree, or where the batch stands first and another dimension is free.
void follow_batch(std::vector<int64_t>& target, const at::Tensor& input, const BatchSize& batch) {
  if (batch.actual == batch.declared || target.empty() || target[0] <= 0 || target[0] % batch.declared != 0) {
    return;
  }
  const bool has_free = std::find(target.begin(), target.end(), -1) != target.end();
  const bool batch_first = target[0] == batch.declared && input.dim() > 0 && input.size(0) == batch.actual;
  // In floating point, as the sizes are any that a file may hold; exact up to 2^53 elements.
  const double elements = std::accumulate(target.begin(), target.end(), 1.0, std::multiplies<double>());
  const bool counts_agree = elements * static_cast<double>(batch.actual) ==
                            static_cast<double>(input.numel()) * static_cast<double>(batch.declared);
  if (has_free ? batch_first : counts_agree) {
    target[0] = target[0] / batch.declared * batch.actual;
  }
}

/// libtorch reports a target that does not fit by an exception of its own kind.
void check_target(at::IntArrayRef target, int64_t elements) {
  int64_t product = 1;
  int64_t free = 0;
  bool is_valid = true;
  for (const int64_t size : target) {
    if (size == -1) {
      ++free;
    } else {
      is_valid = is_valid && size >= 0 && !__builtin_mul_overflow(product, size, &product);
    }
  }
  const bool fits = free == 0 ? product == elements : free == 1 && product > 0 && elements % product == 0;
  TORCH_CHECK(is_valid && fits, "it arranges ", elements, " elements as ", target);
}

Kernel translate_reshape(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  const auto given = reader.integers("shape");
  const bool keeps_zeros = reader.flag("allowzero");
  const bool is_constant = !reader.has_input(1) || reader.is_constant(1);
  return [=](const Operands& in, const BatchSize& batch) -> Operands {
    auto target = in.size() > 1 && in[1].defined() ? to_integers(in[1]) : given;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] == 0 && !keeps_zeros) {
        target[i] = in[0].size(static_cast<int64_t>(i));
      }
    }
    if (is_constant) {
      follow_batch(target, in[0], batch);
    }
    check_target(target, in[0].numel());
    return {in[0].reshape(target)};
  };
}

Kernel translate_flatten(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t axis = reader.integer("axis", 1);
  return [axis](const Operands& in, const BatchSize&) -> Operands {
    const int64_t first = axis == in[0].dim() ? axis : at::maybe_wrap_dim(axis, in[0].dim());
    const auto sizes = in[0].sizes();
    return {in[0].reshape({product(sizes.slice(0, static_cast<std::size_t>(first))),
                           product(sizes.slice(static_cast<std::size_t>(first)))})};
  };
}

/// Axes are an attribute before opset 13, an input from then on.
std::vector<int64_t> axes_of(const Operands& in, const std::vector<int64_t>& attribute, int64_t rank) {
  auto axes = in.size() > 1 && in[1].defined() ? to_integers(in[1]) : attribute;
  for (auto& axis : axes) {
    axis = at::maybe_wrap_dim(axis, rank);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

Kernel translate_squeeze(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  const auto given = reader.integers("axes");
  return [given](const Operands& in, const BatchSize&) -> Operands {
    const auto axes = axes_of(in, given, in[0].dim());
    if (axes.empty()) {
      return {in[0].squeeze()};
    }
    at::Tensor result = in[0];
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      TORCH_CHECK(result.size(*axis) == 1, "it removes dimension ", *axis, ", which is not of size 1");
      result = result.squeeze(*axis);
    }
    return {result};
  };
}

Kernel translate_unsqueeze(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  const auto given = reader.integers("axes");
  return [given](const Operands& in, const BatchSize&) -> Operands {
    const auto count = in.size() > 1 && in[1].defined() ? in[1].numel() : static_cast<int64_t>(given.size());
    at::Tensor result = in[0];
    for (const int64_t axis : axes_of(in, given, in[0].dim() + count)) {
      result = result.unsqueeze(axis);
    }
    return {result};
  };
}

Kernel translate_expand(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  return [](const Operands& in, const BatchSize&) -> Operands {
    const auto sizes = at::infer_size(in[0].sizes(), to_integers(in[1]));
    check_moderate(sizes);
    return {in[0].expand(sizes)};
  };
}

at::Tensor round_to(const at::Tensor& x, at::ScalarType type) {
  const bool to_float = at::isFloatingType(type);
  return x.to(type).to(to_float ? at::kFloat : at::kLong);
}

/// The target is an ONNX TensorProto.DataType; narrower types round as they do there.
Kernel translate_cast(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  constexpr std::array<std::pair<int64_t, at::ScalarType>, 13> types{{{1, at::kFloat},
                                                                      {2, at::kByte},
                                                                      {3, at::kChar},
                                                                      {4, at::kInt},
                                                                      {5, at::kShort},
                                                                      {6, at::kInt},
                                                                      {7, at::kLong},
                                                                      {9, at::kBool},
                                                                      {10, at::kHalf},
                                                                      {11, at::kFloat},
                                                                      {12, at::kLong},
                                                                      {13, at::kLong},
                                                                      {16, at::kBFloat16}}};
  const int64_t to = reader.integer("to", 0);
  const auto found =
      std::find_if(types.begin(), types.end(), [to](const auto& type) { return type.first == to; });
  if (found == types.end()) {
    reader.reject("casts to the data type " + std::to_string(to), "casts to numbers can be executed");
  }
  const auto type = found->second;
  return [type](const Operands& in, const BatchSize&) -> Operands { return {round_to(in[0], type)}; };
}

Kernel translate_identity(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands { return {in[0]}; };
}

/// Does nothing outside training; the mask says that all is kept.
Kernel translate_dropout(const NodeReader& reader) {
  reader.expect_inputs(1, 3);
  const bool gives_mask = reader.output_count() > 1;
  return [gives_mask](const Operands& in, const BatchSize&) -> Operands {
    const auto is_set = [&](std::size_t i, double otherwise) {
      TORCH_CHECK(i >= in.size() || !in[i].defined() || in[i].numel() == 1, "its input ", i + 1,
                  " must be a scalar");
      return (i < in.size() && in[i].defined() ? in[i].item<double>() : otherwise) != 0;
    };
    TORCH_CHECK(!is_set(2, 0) || !is_set(1, 0.5), "it drops values at random, as in training");
    if (!gives_mask) {
      return {in[0]};
    }
    return {in[0], at::ones(in[0].sizes(), at::kLong)};
  };
}

constexpr std::array<Operator, 8> shape_table{{
    {"Reshape", translate_reshape},
    {"Flatten", translate_flatten},
    {"Squeeze", translate_squeeze},
    {"Unsqueeze", translate_unsqueeze},
    {"Expand", translate_expand},
    {"Cast", translate_cast},
    {"Identity", translate_identity},
    {"Dropout", translate_dropout},
}};

}  // namespace

std::span<const Operator> shape_operators() {
  return shape_table;
}

}  // namespace mj
