#include "runtime/torch/operators.h"

#include <algorithm>

namespace mj {

const Operator* find_operator(std::string_view domain, std::string_view name) {
  if (!domain.empty() && domain != "ai.onnx") {
    return nullptr;
  }
  for (const auto& group :
       {linear_operators(), pooling_operators(), arithmetic_operators(), comparison_operators(),
        activation_operators(), normalization_operators(), quantization_operators(), reduction_operators(),
        shape_operators(), source_operators(), arrangement_operators(), scaling_operators()}) {
    const auto found =
        std::find_if(group.begin(), group.end(), [&](const Operator& op) { return op.name == name; });
    if (found != group.end()) {
      return &*found;
    }
  }
  return nullptr;
}

void check_moderate(at::IntArrayRef sizes) {
  int64_t elements = 1;
  for (const int64_t size : sizes) {
    TORCH_CHECK(size >= 0 && (size == 0 || elements <= most_elements / size), "its result would be ", sizes,
                ", more than 4 GB");
    elements *= size;
  }
}

bool may_overwrite(const at::Tensor& operand) {
  return !at::GradMode::is_enabled() && operand.use_count() == 1 && operand.storage().use_count() == 1 &&
         operand.is_non_overlapping_and_dense();
}

std::vector<int64_t> to_integers(const at::Tensor& tensor) {
  TORCH_CHECK(at::isIntegralType(tensor.scalar_type(), true),
              "it needs whole numbers where it is given others");
  const auto values = tensor.to(at::kLong).contiguous();
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

}  // namespace mj
