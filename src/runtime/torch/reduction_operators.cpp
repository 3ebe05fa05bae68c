#include <algorithm>
#include <array>
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
    return {axes.empty() ? in[0] : compute(in[0], axes, keep)};
  };
}

constexpr std::array<Operator, 4> operators{{
    {"ReduceMean", translate_reduction<mean>},
    {"ReduceSum", translate_reduction<sum>},
    {"ReduceMax", translate_reduction<largest>},
    {"ReduceMin", translate_reduction<smallest>},
}};

}  // namespace

std::span<const Operator> reduction_operators() {
  return operators;
}

}  // namespace mj
