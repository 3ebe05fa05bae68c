#include "runtime/torch/tensors.h"

#include <cstring>

#include "base/error.h"

namespace mj {

at::Tensor to_torch(const Tensor& tensor) {
  const bool floating = is_floating(tensor.type);
  const auto count = floating ? tensor.floats.size() : tensor.integers.size();
  ensure(checked_element_count(tensor.shape) == static_cast<int64_t>(count),
         "a tensor has as many values as its shape says");
  auto result = at::empty(tensor.shape, floating ? at::kFloat : at::kLong);
  if (count == 0) {
    return result;
  }
  if (floating) {
    std::memcpy(result.data_ptr<float>(), tensor.floats.data(), count * sizeof(float));
  } else {
    std::memcpy(result.data_ptr<int64_t>(), tensor.integers.data(), count * sizeof(int64_t));
  }
  return result;
}

Tensor from_torch(const at::Tensor& tensor) {
  Tensor result;
  result.shape = tensor.sizes().vec();
  if (at::isFloatingType(tensor.scalar_type())) {
    const auto values = tensor.detach().to(at::kFloat).contiguous();
    result.floats.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
  } else {
    const auto values = tensor.to(at::kLong).contiguous();
    result.type = ElementType::int64;
    result.integers.assign(values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel());
  }
  return result;
}

}  // namespace mj
