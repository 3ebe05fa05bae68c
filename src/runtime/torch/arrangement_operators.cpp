#include <algorithm>
#include <array>
#include <numeric>

#include "runtime/torch/operators.h"
#include "runtime/torch/padding.h"

namespace mj {
namespace {

Kernel translate_concat(const NodeReader& reader) {
  reader.expect_inputs(1, 1 << 16);
  const int64_t axis = reader.integer("axis", 1);
  return [axis](const Operands& in, const BatchSize&) -> Operands { return {at::cat(in, axis)}; };
}

std::vector<int64_t> even_parts(int64_t size, int64_t parts) {
  const int64_t most = (size + parts - 1) / parts;
  std::vector<int64_t> sizes(static_cast<std::size_t>(parts), most);
  sizes.back() = size - most * (parts - 1);
  return sizes;
}

/// Sizes are an attribute before opset 13, an input from then on; none means equal parts.
Kernel translate_split(const NodeReader& reader) {
  reader.expect_inputs(1, 2);
  const int64_t axis = reader.integer("axis", 0);
  const auto given = reader.integers("split");
  const auto parts = static_cast<int64_t>(reader.output_count());
  return [=](const Operands& in, const BatchSize&) -> Operands {
    auto sizes = in.size() > 1 && in[1].defined() ? to_integers(in[1]) : given;
    if (sizes.empty()) {
      sizes = even_parts(in[0].size(axis), parts);
    }
    TORCH_CHECK(static_cast<int64_t>(sizes.size()) == parts, "it splits into ", sizes.size(),
                " parts and has ", parts, " outputs");
    return at::split_with_sizes(in[0], sizes, axis);
  };
}

Kernel translate_transpose(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const auto given = reader.integers("perm");
  return [given](const Operands& in, const BatchSize&) -> Operands {
    auto order = given;
    if (order.empty()) {
      order.resize(static_cast<std::size_t>(in[0].dim()));
      std::iota(order.rbegin(), order.rend(), int64_t{0});
    }
    return {in[0].permute(order)};
  };
}

Kernel translate_gather(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  const int64_t axis = reader.integer("axis", 0);
  return [axis](const Operands& in, const BatchSize&) -> Operands {
    const int64_t dimension = at::maybe_wrap_dim(axis, in[0].dim());
    TORCH_CHECK(in[0].dim() > 0, "its data is a scalar");
    TORCH_CHECK(at::isIntegralType(in[1].scalar_type(), false), "its indices must be whole numbers");
    const auto size = in[0].size(dimension);
    const auto flat = in[1].reshape({-1});
    auto sizes = in[0].sizes().vec();
    sizes.erase(sizes.begin() + dimension);
    sizes.insert(sizes.begin() + dimension, in[1].sizes().begin(), in[1].sizes().end());
    check_moderate(sizes);
    return {at::index_select(in[0], dimension, at::where(flat < 0, flat + size, flat)).reshape(sizes)};
  };
}

Kernel translate_gather_elements(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  const int64_t axis = reader.integer("axis", 0);
  return [axis](const Operands& in, const BatchSize&) -> Operands {
    TORCH_CHECK(in[0].dim() > 0, "its data is a scalar");
    TORCH_CHECK(at::isIntegralType(in[1].scalar_type(), false), "its indices must be whole numbers");
    return {at::gather(in[0], axis, at::where(in[1] < 0, in[1] + in[0].size(axis), in[1]))};
  };
}

Kernel translate_tile(const NodeReader& reader) {
  reader.expect_inputs(2, 2);
  return [](const Operands& in, const BatchSize&) -> Operands {
    const auto repeats = to_integers(in[1]);
    auto sizes = in[0].sizes().vec();
    TORCH_CHECK(repeats.size() == sizes.size(), "it has ", repeats.size(), " repeats for ", sizes.size(),
                " dimensions");
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      TORCH_CHECK(repeats[i] >= 0 && repeats[i] <= most_elements, "it repeats ", repeats[i], " times");
      sizes[i] *= repeats[i];
    }
    check_moderate(sizes);
    return {in[0].repeat(repeats)};
  };
}

/// One axis of ONNX's Slice: bounds beyond the ends are moved there, negative ones count from the end.
at::Tensor slice_axis(const at::Tensor& x, int64_t axis, int64_t start, int64_t end, int64_t step) {
  TORCH_CHECK(step != 0, "it slices in steps of 0");
  const int64_t size = x.size(axis);
  const auto place = [size, step](int64_t index) {
    const int64_t from_start = index < 0 ? index + size : index;
    return step > 0 ? std::clamp<int64_t>(from_start, 0, size)
                    : std::clamp<int64_t>(from_start, -1, size - 1);
  };
  const int64_t first = place(start);
  const int64_t last = place(end);
  if (step > 0) {
    return at::slice(x, axis, first, std::max(first, last), step);
  }
  std::vector<int64_t> indices;
  const int64_t stride = std::max(step, -std::max<int64_t>(size, 1));
  for (int64_t i = first; i > last; i += stride) {
    indices.push_back(i);
  }
  return at::index_select(x, axis, at::tensor(indices, at::kLong));
}

/// Bounds are attributes before opset 10, inputs from then on.
Kernel translate_slice(const NodeReader& reader) {
  reader.expect_inputs(1, 5);
  const std::array<std::vector<int64_t>, 3> given{reader.integers("starts"), reader.integers("ends"),
                                                  reader.integers("axes")};
  return [given](const Operands& in, const BatchSize&) -> Operands {
    const auto list = [&](std::size_t index) {
      const bool is_input = in.size() > index && in[index].defined();
      return is_input ? to_integers(in[index]) : index < 4 ? given[index - 1] : std::vector<int64_t>{};
    };
    const auto starts = list(1);
    const auto ends = list(2);
    auto axes = list(3);
    auto steps = list(4);
    if (axes.empty()) {
      axes.resize(starts.size());
      std::iota(axes.begin(), axes.end(), int64_t{0});
    }
    steps.resize(steps.empty() ? starts.size() : steps.size(), 1);
    TORCH_CHECK(starts.size() == ends.size() && starts.size() == axes.size() && starts.size() == steps.size(),
                "its starts, ends, axes and steps must be equally many");
    at::Tensor result = in[0];
    for (std::size_t i = 0; i < starts.size(); ++i) {
      result = slice_axis(result, at::maybe_wrap_dim(axes[i], in[0].dim()), starts[i], ends[i], steps[i]);
    }
    return {result};
  };
}

/// Pads and value are attributes before opset 11, inputs from then on.
Kernel translate_pad(const NodeReader& reader) {
  reader.expect_inputs(1, 4);
  const auto mode = reader.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    reader.reject("has the mode '" + mode + "'", "must be constant, reflect or edge");
  }
  const auto given = reader.integers(reader.has("pads") ? "pads" : "paddings");
  const float given_value = reader.number("value", 0);
  return [=](const Operands& in, const BatchSize&) -> Operands {
    const auto is_input = [&](std::size_t i) {
      return in.size() > i && in[i].defined() && in[i].numel() > 0;
    };
    const auto pads = spread_pads(is_input(1) ? to_integers(in[1]) : given,
                                  is_input(3) ? to_integers(in[3]) : std::vector<int64_t>{}, in[0].dim());
    const double value = is_input(2) ? in[2].reshape({-1})[0].item<double>() : given_value;
    return {mode == "constant" ? pad_with(in[0], pads, value)
                               : pad_from_inside(in[0], pads, mode == "reflect")};
  };
}

constexpr std::array<Operator, 8> arrangement_table{{
    {"Concat", translate_concat},
    {"Split", translate_split},
    {"Transpose", translate_transpose},
    {"Gather", translate_gather},
    {"GatherElements", translate_gather_elements},
    {"Tile", translate_tile},
    {"Slice", translate_slice},
    {"Pad", translate_pad},
}};

}  // namespace

std::span<const Operator> arrangement_operators() {
  return arrangement_table;
}

}  // namespace mj
