#include <algorithm>
#include <array>
#include <functional>
#include <limits>

#include "runtime/torch/max_pool.h"
#include "runtime/torch/operators.h"
#include "runtime/torch/window.h"

namespace mj {
namespace {

/// libtorch pools over two or three spatial dimensions; a single one gets another of size 1 in front.
struct Maps {
  at::Tensor values;
  bool was_line = false;
};

Maps as_maps(const at::Tensor& input) {
  TORCH_CHECK(input.dim() >= 3 && input.dim() <= 5, "its input has ", input.dim(),
              " dimensions; pooling is over one to three spatial dimensions");
  const bool line = input.dim() == 3;
  const auto values = at::isFloatingType(input.scalar_type()) ? input : input.to(at::kDouble);
  return {line ? values.unsqueeze(2) : values, line};
}

at::Tensor restore(const at::Tensor& result, const Maps& maps) {
  return maps.was_line ? result.squeeze(2) : result;
}

Window for_maps(Window window, bool was_line) {
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

/// The maps padded where libtorch cannot, and what is left to it.
struct PaddedMaps {
  at::Tensor values;
  std::vector<int64_t> pads;
  bool rounds_up = false;
  std::vector<int64_t> head;  ///< of the padding in `values`
};

PaddedMaps pad_maps(const at::Tensor& maps, const PlacedWindow& placed, bool rounds_up) {
  const std::vector<int64_t> none(placed.kernel.size(), 0);
  if (pads_natively(placed)) {
    return {maps, placed.head, rounds_up, none};
  }
  return {pad_constant(maps, placed.head, with_overhang(placed), -std::numeric_limits<double>::infinity()),
          none, false, placed.head};
}

/// Places in one padded map, as ONNX counts them: in the unpadded tensor, or with the last dimension slowest.
at::Tensor places_in_tensor(const at::Tensor& places, const PaddedMaps& padded, const at::Tensor& maps,
                            bool last_slowest) {
  const auto sizes = maps.sizes().slice(2);
  at::Tensor rest = places;
  at::Tensor result = at::zeros_like(places);
  int64_t stride = last_slowest ? c10::multiply_integers(sizes) : 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    const int64_t padded_size = padded.values.size(static_cast<int64_t>(i) + 2);
    stride /= last_slowest ? std::max<int64_t>(sizes[i], 1) : 1;
    result = result + (rest.remainder(padded_size) - padded.head[i]) * stride;
    stride *= last_slowest ? 1 : sizes[i];
    rest = at::floor_divide(rest, padded_size);
  }
  std::vector<int64_t> per_map(static_cast<std::size_t>(maps.dim()), 1);
  per_map[0] = maps.size(0);
  per_map[1] = maps.size(1);
  const auto map = at::arange(maps.size(0) * maps.size(1), at::kLong).reshape(per_map);
  return result + map * c10::multiply_integers(sizes);
}

/// Gives the places of the largest elements too where they are asked for.
Kernel translate_max_pool(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  const auto window = read_window(reader);
  const bool gives_places = reader.output_count() > 1;
  const bool last_slowest = reader.flag("storage_order");
  return [=](const Operands& in, const BatchSize&) -> Operands {
    const auto maps = as_maps(in[0]);
    const auto placed = place_window(for_maps(window, maps.was_line), maps.values.sizes(), {});
    if (!gives_places && is_pooled_channels_last(maps.values)) {
      return {restore(max_pool_channels_last(maps.values, placed), maps)};
    }
    const auto padded = pad_maps(maps.values, placed, window.ceil_mode);
    const auto pool = [&](const auto& function) {
      return function(padded.values, placed.kernel, placed.strides, padded.pads, placed.dilations,
                      padded.rounds_up);
    };
    const bool is_flat = placed.kernel.size() == 2;
    if (!gives_places) {
      const auto result = is_flat ? pool(at::max_pool2d) : pool(at::max_pool3d);
      return {restore(result, maps).to(in[0].scalar_type())};
    }
    const auto [result, places] =
        is_flat ? pool(at::max_pool2d_with_indices) : pool(at::max_pool3d_with_indices);
    return {restore(result, maps).to(in[0].scalar_type()),
            restore(places_in_tensor(places, padded, maps.values, last_slowest), maps)};
  };
}

at::Tensor average(const at::Tensor& maps, const PlacedWindow& placed, at::IntArrayRef pads, bool rounds_up,
                   bool count_pads, c10::optional<int64_t> divisor) {
  const auto function = placed.kernel.size() == 2 ? at::avg_pool2d : at::avg_pool3d;
  return function(maps, placed.kernel, placed.strides, pads, rounds_up, count_pads, divisor);
}

/// Sums over explicitly padded windows, divided by the number of elements that count.
at::Tensor average_padded(const at::Tensor& input, const PlacedWindow& placed, bool count_pads) {
  const std::vector<int64_t> none(placed.kernel.size(), 0);
  const auto sum = [&](const at::Tensor& values) { return average(values, placed, none, false, true, 1); };
  auto sizes = input.sizes().vec();
  sizes[0] = sizes[1] = 1;
  const auto counted =
      pad_constant(at::ones(sizes, input.options()), placed.head, placed.tail, count_pads ? 1 : 0);
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
    const auto maps = as_maps(in[0]);
    const auto placed = place_window(for_maps(window, maps.was_line), maps.values.sizes(), {});
    const auto result = pads_natively(placed) ? average(maps.values, placed, placed.head, window.ceil_mode,
                                                        count_pads, c10::nullopt)
                                              : average_padded(maps.values, placed, count_pads);
    return {restore(result, maps).to(in[0].scalar_type())};
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

constexpr std::array<Operator, 4> pooling_table{{
    {"MaxPool", translate_max_pool},
    {"AveragePool", translate_average_pool},
    {"GlobalAveragePool", translate_global_average_pool},
    {"GlobalMaxPool", translate_global_max_pool},
}};

}  // namespace

std::span<const Operator> pooling_operators() {
  return pooling_table;
}

}  // namespace mj
