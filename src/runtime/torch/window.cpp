#include "runtime/torch/window.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "runtime/torch/operators.h"

namespace mj {
namespace {

/// Beyond any real network, and small enough that sums and products stay in 64 bits.
constexpr int64_t largest_extent = int64_t{1} << 24;

std::vector<int64_t> read_sizes(const NodeReader& reader, std::string_view attribute, int64_t least) {
  auto values = reader.integers(attribute);
  for (const int64_t value : values) {
    if (value < least || value > largest_extent) {
      reader.reject(fmt::format("has {} [{}]", attribute, fmt::join(values, ", ")),
                    fmt::format("each must be between {} and {}", least, largest_extent));
    }
  }
  return values;
}

std::vector<int64_t> complete(const std::vector<int64_t>& values, std::size_t count, int64_t fallback) {
  if (values.empty()) {
    return std::vector<int64_t>(count, fallback);
  }
  TORCH_CHECK(values.size() == count, "its window has ", values.size(), " values where the input has ", count,
              " spatial dimensions");
  return values;
}

void place_pads(const Window& window, at::IntArrayRef sizes, PlacedWindow& placed) {
  const std::size_t count = sizes.size();
  placed.head.assign(count, 0);
  placed.tail.assign(count, 0);
  if (window.auto_pad == "NOTSET") {
    const auto pads = complete(window.pads, 2 * count, 0);
    std::copy_n(pads.begin(), count, placed.head.begin());
    std::copy_n(pads.begin() + static_cast<std::ptrdiff_t>(count), count, placed.tail.begin());
  } else if (window.auto_pad != "VALID") {
    for (std::size_t i = 0; i < count; ++i) {
      const int64_t outputs = (sizes[i] + placed.strides[i] - 1) / placed.strides[i];
      const int64_t reach = (placed.kernel[i] - 1) * placed.dilations[i] + 1;
      const int64_t total = std::max<int64_t>((outputs - 1) * placed.strides[i] + reach - sizes[i], 0);
      placed.head[i] = window.auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      placed.tail[i] = total - placed.head[i];
    }
  }
}

}  // namespace

Window read_window(const NodeReader& reader) {
  Window window;
  window.kernel = read_sizes(reader, "kernel_shape", 1);
  window.strides = read_sizes(reader, "strides", 1);
  window.dilations = read_sizes(reader, "dilations", 1);
  window.pads = read_sizes(reader, "pads", 0);
  window.ceil_mode = reader.flag("ceil_mode");
  window.auto_pad = reader.text("auto_pad", "NOTSET");
  if (window.auto_pad.empty()) {
    window.auto_pad = "NOTSET";
  }
  if (window.auto_pad != "NOTSET" && window.auto_pad != "VALID" && window.auto_pad != "SAME_UPPER" &&
      window.auto_pad != "SAME_LOWER") {
    reader.reject(fmt::format("has auto_pad '{}'", window.auto_pad),
                  "must be NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  return window;
}

PlacedWindow place_window(const Window& window, at::IntArrayRef input, at::IntArrayRef kernel) {
  TORCH_CHECK(input.size() > 2, "its input has ", input.size(), " dimensions and needs at least 3");
  const auto sizes = input.slice(2);
  const std::size_t count = sizes.size();
  PlacedWindow placed;
  placed.kernel = window.kernel.empty() ? kernel.vec() : window.kernel;
  TORCH_CHECK(placed.kernel.size() == count, "its kernel_shape has ", placed.kernel.size(),
              " values where the input has ", count, " spatial dimensions");
  placed.strides = complete(window.strides, count, 1);
  placed.dilations = complete(window.dilations, count, 1);
  place_pads(window, sizes, placed);
  for (std::size_t i = 0; i < count; ++i) {
    const int64_t reach = (placed.kernel[i] - 1) * placed.dilations[i] + 1;
    const int64_t stride = placed.strides[i];
    const int64_t room = sizes[i] + placed.head[i] + placed.tail[i] - reach;
    TORCH_CHECK(room >= 0, "its window of ", reach, " does not fit a padded input of ", room + reach);
    int64_t outputs = (room + (window.ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (window.ceil_mode && (outputs - 1) * stride >= sizes[i] + placed.head[i]) {
      --outputs;
    }
    placed.outputs.push_back(outputs);
    placed.overhang.push_back(std::max<int64_t>((outputs - 1) * stride - room, 0));
  }
  return placed;
}

std::vector<int64_t> pad_list(const std::vector<int64_t>& head, const std::vector<int64_t>& tail) {
  std::vector<int64_t> pads;
  for (std::size_t i = head.size(); i-- > 0;) {
    pads.push_back(head[i]);
    pads.push_back(tail[i]);
  }
  return pads;
}

at::Tensor pad_constant(const at::Tensor& input, const std::vector<int64_t>& head,
                        const std::vector<int64_t>& tail, double value) {
  auto sizes = input.sizes().vec();
  TORCH_CHECK(head.size() <= sizes.size(), "it pads ", head.size(), " dimensions of ", sizes.size());
  for (std::size_t i = 0; i < head.size(); ++i) {
    sizes[sizes.size() - head.size() + i] += head[i] + tail[i];
  }
  check_moderate(sizes);
  return at::constant_pad_nd(input, pad_list(head, tail), value);
}

}  // namespace mj
