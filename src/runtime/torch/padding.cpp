#include "runtime/torch/padding.h"

#include <algorithm>

#include "runtime/torch/operators.h"
#include "runtime/torch/window.h"

namespace mj {
namespace {

/// Where an index beyond the ends comes back to when the line is mirrored at its first and last element.
int64_t mirror(int64_t index, int64_t size) {
  if (size == 1) {
    return 0;
  }
  const int64_t period = 2 * (size - 1);
  const int64_t within = ((index % period) + period) % period;
  return within < size ? within : period - within;
}

}  // namespace

Pads spread_pads(const std::vector<int64_t>& list, const std::vector<int64_t>& axes, int64_t rank) {
  const std::size_t count = axes.empty() ? static_cast<std::size_t>(rank) : axes.size();
  TORCH_CHECK(list.size() == 2 * count, "it has ", list.size(), " pads and needs ", 2 * count);
  Pads pads{std::vector<int64_t>(static_cast<std::size_t>(rank)),
            std::vector<int64_t>(static_cast<std::size_t>(rank))};
  for (std::size_t i = 0; i < count; ++i) {
    const auto axis = axes.empty() ? i : static_cast<std::size_t>(at::maybe_wrap_dim(axes[i], rank));
    for (const int64_t pad : {list[i], list[count + i]}) {
      TORCH_CHECK(pad >= -most_elements && pad <= most_elements, "it pads by ", pad, " elements, too many");
    }
    pads.head[axis] = list[i];
    pads.tail[axis] = list[count + i];
  }
  return pads;
}

at::Tensor pad_with(const at::Tensor& x, const Pads& pads, double value) {
  return pad_constant(x, pads.head, pads.tail, value);
}

at::Tensor pad_from_inside(const at::Tensor& x, const Pads& pads, bool mirrors) {
  at::Tensor result = x;
  for (int64_t axis = 0; axis < x.dim(); ++axis) {
    const int64_t head = pads.head[static_cast<std::size_t>(axis)];
    const int64_t tail = pads.tail[static_cast<std::size_t>(axis)];
    if (head == 0 && tail == 0) {
      continue;
    }
    const int64_t size = x.size(axis);
    auto sizes = result.sizes().vec();
    sizes[static_cast<std::size_t>(axis)] = size + head + tail;
    check_moderate(sizes);
    TORCH_CHECK(size > 0, "it repeats elements of an empty dimension");
    std::vector<int64_t> indices;
    for (int64_t i = -head; i < size + tail; ++i) {
      indices.push_back(mirrors ? mirror(i, size) : std::clamp<int64_t>(i, 0, size - 1));
    }
    result = at::index_select(result, axis, at::tensor(indices, at::kLong));
  }
  return result;
}

}  // namespace mj
