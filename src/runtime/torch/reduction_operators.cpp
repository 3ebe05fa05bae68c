#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

using Reduction = at::Tensor (*)(const at::Tensor&, at::IntArrayRef dimensions, bool keep);

at::Tensor mean(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.mean(dimensions, keep);
}

at::Tensor sum(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.sum(dimensions, keep);
}

at::Tensor largest(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.amax(dimensions, keep);
}

at::Tensor smallest(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.amin(dimensions, keep);
}

/// libtorch multiplies over one dimension at a time.
at::Tensor multiply(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  auto order = dimensions.vec();
  for (int64_t& dimension : order) {
    dimension = at::maybe_wrap_dim(dimension, x.dim());
  }
  std::sort(order.begin(), order.end(), std::greater<>());
  at::Tensor result = x;
  for (const int64_t dimension : order) {
    result = result.prod(dimension, keep);
  }
  return result;
}

at::Tensor sum_of_magnitudes(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.abs().sum(dimensions, keep);
}

at::Tensor sum_of_squares(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return (x * x).sum(dimensions, keep);
}

at::Tensor length(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return sum_of_squares(x, dimensions, keep).sqrt();
}

at::Tensor log_of_sum(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return x.sum(dimensions, keep).log();
}

at::Tensor log_of_sum_of_powers(const at::Tensor& x, at::IntArrayRef dimensions, bool keep) {
  return at::logsumexp(x, dimensions, keep);
}

/// Axes are an attribute, in later opsets an input; none means all, unless the node says that it means
/// nothing is to be done.
template <Reduction compute>
Kernel translate_reduction(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  const auto given = reader.integers("axes");
  const bool keep = reader.integer("keepdims", 1) != 0;
  const bool empty_is_none = reader.flag("noop_with_empty_axes");
  return [=](const Operands& in, const BatchSize&) -> Operands {
    auto axes = in.size() > 1 && in[1].defined() ? to_integers(in[1]) : given;
    if (axes.empty()) {
      if (empty_is_none) {
        return {in[0]};
      }
      axes.resize(static_cast<std::size_t>(in[0].dim()));
      std::iota(axes.begin(), axes.end(), int64_t{0});
    }
    return {compute(in[0], axes, keep)};
  };
}

using Search = at::Tensor (*)(const at::Tensor&, c10::optional<int64_t> dimension, bool keep);

/// Of equal values the first counts, or the last.
template <Search find>
Kernel translate_search(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const int64_t axis = reader.integer("axis", 0);
  const bool keep = reader.integer("keepdims", 1) != 0;
  const bool takes_last = reader.flag("select_last_index");
  return [=](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() > 0, "its data is a scalar");
    if (!takes_last) {
      return {find(in[0], axis, keep)};
    }
    return {in[0].size(axis) - 1 - find(in[0].flip({axis}), axis, keep)};
  };
}

constexpr std::array<Operator, 12> reduction_table{{
    {"ReduceMean", translate_reduction<mean>},
    {"ReduceSum", translate_reduction<sum>},
    {"ReduceMax", translate_reduction<largest>},
    {"ReduceMin", translate_reduction<smallest>},
    {"ReduceProd", translate_reduction<multiply>},
    {"ReduceL1", translate_reduction<sum_of_magnitudes>},
    {"ReduceL2", translate_reduction<length>},
    {"ReduceSumSquare", translate_reduction<sum_of_squares>},
    {"ReduceLogSum", translate_reduction<log_of_sum>},
    {"ReduceLogSumExp", translate_reduction<log_of_sum_of_powers>},
    {"ArgMax", translate_search<at::argmax>},
    {"ArgMin", translate_search<at::argmin>},
}};

}  // namespace

std::span<const Operator> reduction_operators() {
  return reduction_table;
}

}  // namespace mj
