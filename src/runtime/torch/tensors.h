#pragma once

#include <ATen/ATen.h>

#include "network/tensor.h"

namespace mj {

/// A copy as float32 or int64. The tensor must have as many values as its shape says (InternalError).
at::Tensor to_torch(const Tensor& tensor);

/// A copy; floats as ElementType::float32, integers as int64.
Tensor from_torch(const at::Tensor& tensor);

}  // namespace mj
