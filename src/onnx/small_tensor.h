#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "network/tensor.h"

namespace mj {

/// Tensors up to this many elements may say something of shapes (targets of Reshape, scales of Resize).
constexpr int64_t most_small_elements = 1024;

/// A small tensor that shapes are computed with. Whole numbers are exact up to 2^53.
struct SmallTensor {
  Shape shape;
  std::vector<double> values;
  bool is_whole = true;
};

/// nullopt where it is too large, or has no values.
std::optional<SmallTensor> to_small(const Tensor& tensor);

/// As float32 or int64; what lies beyond int64 becomes its nearest number.
Tensor to_tensor(const SmallTensor& small);

/// The shape that both broadcast to; nullopt where they do not, or it is too large.
std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// The tensor repeated to `shape`, which it must broadcast to.
SmallTensor spread(const SmallTensor& small, const Shape& shape);

}  // namespace mj
