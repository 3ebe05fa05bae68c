#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace mj {

/// Elements added before and behind each dimension; taken away where negative.
struct Pads {
  std::vector<int64_t> head, tail;
};

/// ONNX's list (all heads, then all tails) of the axes given, or of all dimensions. Throws c10::Error where
/// it does not fit.
Pads spread_pads(const std::vector<int64_t>& list, const std::vector<int64_t>& axes, int64_t rank);

at::Tensor pad_with(const at::Tensor& x, const Pads& pads, double value);

/// Repeats the edge elements, or mirrors at them.
at::Tensor pad_from_inside(const at::Tensor& x, const Pads& pads, bool mirrors);

}  // namespace mj
