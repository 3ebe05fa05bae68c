#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mj {

/// Sizes of a tensor's dimensions, outermost first; -1 where unknown.
using Shape = std::vector<int64_t>;

/// The product of all sizes; 1 for a scalar. Throws InternalError where a size is unknown.
int64_t element_count(const Shape& shape);

/// The product of all sizes; nullopt where a size is unknown or the product is 2^63 or more.
std::optional<int64_t> checked_element_count(const Shape& shape);

/// "1x3x224x224"; "?" for an unknown size, "scalar" for no dimension.
std::string to_string(const Shape& shape);

enum class ElementType {
  float32,
  float64,
  float16,
  bfloat16,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  boolean
};

/// A constant of the graph. Exactly one of the two vectors is used: `floats` for the floating types,
/// `integers` for the rest.
struct Tensor {
  ElementType type = ElementType::float32;
  Shape shape;
  std::vector<float> floats;
  std::vector<int64_t> integers;
};

bool is_floating(ElementType type);
int bit_width(ElementType type);

}  // namespace mj
