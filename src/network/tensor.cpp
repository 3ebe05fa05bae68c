#include "network/tensor.h"

#include "base/error.h"

namespace mj {

std::optional<int64_t> checked_element_count(const Shape& shape) {
  int64_t count = 1;
  bool overflow = false;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) {
      return std::nullopt;
    }
    empty = empty || size == 0;
    overflow = __builtin_mul_overflow(count, size, &count) || overflow;
  }
  if (empty) {
    return 0;
  }
  return overflow ? std::nullopt : std::optional(count);
}

int64_t element_count(const Shape& shape) {
  const std::optional<int64_t> count = checked_element_count(shape);
  ensure(count.has_value(), "the number of elements is asked of a shape that is unknown or too large");
  return *count;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) {
    return "scalar";
  }
  std::string text;
  for (const int64_t size : shape) {
    text += text.empty() ? "" : "x";
    text += size < 0 ? "?" : std::to_string(size);
  }
  return text;
}

int bit_width(ElementType type) {
  switch (type) {
    case ElementType::int8:
    case ElementType::uint8:
    case ElementType::boolean:
      return 8;
    case ElementType::float16:
    case ElementType::bfloat16:
    case ElementType::int16:
    case ElementType::uint16:
      return 16;
    case ElementType::float32:
    case ElementType::int32:
    case ElementType::uint32:
      return 32;
    case ElementType::float64:
    case ElementType::int64:
    case ElementType::uint64:
      break;
  }
  return 64;
}

bool is_floating(ElementType type) {
  return type == ElementType::float32 || type == ElementType::float64 || type == ElementType::float16 ||
         type == ElementType::bfloat16;
}

}  // namespace mj
