#include "onnx/small_tensor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace mj {
namespace {

constexpr std::size_t most_small_dimensions = 64;

bool is_small(const Shape& shape) {
  return checked_element_count(shape).value_or(most_small_elements + 1) <= most_small_elements;
}

int64_t to_whole(double value) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (std::isnan(value)) {
    return 0;
  }
  return value >= limit    ? std::numeric_limits<int64_t>::max()
         : value <= -limit ? std::numeric_limits<int64_t>::min()
                           : static_cast<int64_t>(value);
}

}  // namespace

std::optional<SmallTensor> to_small(const Tensor& tensor) {
  const bool is_whole = !is_floating(tensor.type);
  const std::size_t count = is_whole ? tensor.integers.size() : tensor.floats.size();
  if (!is_small(tensor.shape) || checked_element_count(tensor.shape) != static_cast<int64_t>(count)) {
    return std::nullopt;
  }
  SmallTensor small{tensor.shape, std::vector<double>(count), is_whole};
  if (is_whole) {
    std::transform(tensor.integers.begin(), tensor.integers.end(), small.values.begin(),
                   [](int64_t value) { return static_cast<double>(value); });
  } else {
    std::copy(tensor.floats.begin(), tensor.floats.end(), small.values.begin());
  }
  return small;
}

Tensor to_tensor(const SmallTensor& small) {
  Tensor tensor{small.is_whole ? ElementType::int64 : ElementType::float32, small.shape, {}, {}};
  for (const double value : small.values) {
    if (small.is_whole) {
      tensor.integers.push_back(to_whole(value));
    } else {
      tensor.floats.push_back(static_cast<float>(value));
    }
  }
  return tensor;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const Shape& longer = a.size() < b.size() ? b : a;
  const Shape& shorter = a.size() < b.size() ? a : b;
  Shape shape = longer;
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = shape[shape.size() - 1 - i];
    const int64_t other = shorter[shorter.size() - 1 - i];
    if (size != other && size != 1 && other != 1) {
      return std::nullopt;
    }
    size = size == 1 ? other : size;
  }
  return shape.size() <= most_small_dimensions && is_small(shape) ? std::optional(std::move(shape))
                                                                  : std::nullopt;
}

SmallTensor spread(const SmallTensor& small, const Shape& shape) {
  SmallTensor result{shape, {}, small.is_whole};
  const int64_t count = element_count(shape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    int64_t from = 0;
    int64_t stride = 1;
    for (std::size_t d = 0; d < small.shape.size(); ++d) {
      const int64_t size = small.shape[small.shape.size() - 1 - d];
      const int64_t spread_size = shape[shape.size() - 1 - d];
      from += size == 1 ? 0 : rest % spread_size * stride;
      rest /= spread_size;
      stride *= size;
    }
    result.values.push_back(small.values[static_cast<std::size_t>(from)]);
  }
  return result;
}

}  // namespace mj
