#include <algorithm>
#include <array>
#include <limits>

#include "runtime/torch/operators.h"
#include "runtime/torch/window.h"

namespace mj {
namespace {

/// Pooling is written for two spatial dimensions; one gets a second of size 1 in front.
struct Planes {
  at::Tensor values;
  bool was_line = false;
};

Planes as_planes(const at::Tensor& input) {
  TORCH_CHECK(input.dim() == 3 || input.dim() == 4, "its input has ", input.dim(),
              " dimensions; pooling is over one or two spatial dimensions");
  const bool line = input.dim() == 3;
  const auto values = at::isFloatingType(input.scalar_type()) ? input : input.to(at::kDouble);
  return {line ? values.unsqueeze(2) : values, line};
}

at::Tensor restore(const at::Tensor& result, const Planes& planes, const at::Tensor& input) {
  return (planes.was_line ? result.squeeze(2) : result).to(input.scalar_type());
}

Window for_planes(Window window, bool was_line) {
  if (was_line) {
    for (auto* values : {&window.kernel, &window.strides, &window.dilations}) {
      if (!values->empty()) {
        values->insert(values->begin(), 1);
      }
    }
    if (window.pads.size() == 2) {
      window.pads = {0, window.pads[0], 0, window.pads[1]};
    }
  }
  return window;
}

/// libtorch pads by at most half a window, alike on both sides, and without dilation in between.
bool pads_natively(const PlacedWindow& placed) {
  return placed.is_symmetric() && std::equal(placed.head.begin(), placed.head.end(), placed.kernel.begin(),
                                             [](int64_t pad, int64_t kernel) { return pad <= kernel / 2; });
}

std::vector<int64_t> with_overhang(const PlacedWindow& placed) {
  std::vector<int64_t> tail = placed.tail;
  std::transform(tail.begin(), tail.end(), placed.overhang.begin(), tail.begin(), std::plus<>());
  return tail;
}

Kernel translate_max_pool(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  if (reader.output_count() > 1) {
    reader.reject("has the output Indices", "MaxPool without that output can be executed");
  }
  const auto window = read_window(reader);
  return [window](const Operands& in, const BatchSize&) -> Operands {
    const auto planes = as_planes(in[0]);
    const auto placed = place_window(for_planes(window, planes.was_line), planes.values.sizes(), {});
    const bool native = pads_natively(placed);
    const auto padded = native ? planes.values
                               : pad_constant(planes.values, placed.head, with_overhang(placed),
                                              -std::numeric_limits<double>::infinity());
    const std::vector<int64_t> pads = native ? placed.head : std::vector<int64_t>{0, 0};
    const auto result = at::max_pool2d(padded, placed.kernel, placed.strides, pads, placed.dilations,
                                       native && window.ceil_mode);
    return {restore(result, planes, in[0])};
  };
}

/// Sums over explicitly padded windows, divided by the number of elements that count.
at::Tensor average_padded(const at::Tensor& input, const PlacedWindow& placed, bool count_pads) {
  const auto sum = [&](const at::Tensor& values) {
    return at::avg_pool2d(values, placed.kernel, placed.strides, 0, false, true, 1);
  };
  const auto ones = at::ones({1, 1, input.size(2), input.size(3)}, input.options());
  const auto counted = pad_constant(ones, placed.head, placed.tail, count_pads ? 1 : 0);
  const std::vector<int64_t> none{0, 0};
  const auto divisor = sum(pad_constant(counted, none, placed.overhang, 0));
  return sum(pad_constant(input, placed.head, with_overhang(placed), 0)) / divisor.clamp_min(1);
}

Kernel translate_average_pool(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const auto window = read_window(reader);
  if (std::any_of(window.dilations.begin(), window.dilations.end(), [](int64_t d) { return d != 1; })) {
    reader.reject("has dilations", "AveragePool without them can be executed");
  }
  const bool count_pads = reader.flag("count_include_pad");
  return [window, count_pads](const Operands& in, const BatchSize&) -> Operands {
    const auto planes = as_planes(in[0]);
    const auto placed = place_window(for_planes(window, planes.was_line), planes.values.sizes(), {});
    const auto result = pads_natively(placed) ? at::avg_pool2d(planes.values, placed.kernel, placed.strides,
                                                               placed.head, window.ceil_mode, count_pads)
                                              : average_padded(planes.values, placed, count_pads);
    return {restore(result, planes, in[0])};
  };
}

std::vector<int64_t> spatial_dimensions(const at::Tensor& input) {
  TORCH_CHECK(input.dim() > 2, "its input has ", input.dim(), " dimensions and needs at least 3");
  std::vector<int64_t> dimensions;
  for (int64_t i = 2; i < input.dim(); ++i) {
    dimensions.push_back(i);
  }
  return dimensions;
}

Kernel translate_global_average_pool(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands {
    return {in[0].mean(spatial_dimensions(in[0]), true)};
  };
}

Kernel translate_global_max_pool(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands {
    return {in[0].amax(spatial_dimensions(in[0]), true)};
  };
}

constexpr std::array<Operator, 4> operators{{
    {"MaxPool", translate_max_pool},
    {"AveragePool", translate_average_pool},
    {"GlobalAveragePool", translate_global_average_pool},
    {"GlobalMaxPool", translate_global_max_pool},
}};

}  // namespace

std::span<const Operator> pooling_operators() {
  return operators;
}

}  // namespace mj
