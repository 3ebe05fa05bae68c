#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/torch/node_reader.h"

namespace mj {

/// How many images the graph was written for (1 where it leaves that free), and how many pass now.
struct BatchSize {
  int64_t declared = 1;
  int64_t actual = 1;
};

/// A node's operands, undefined where an optional one is absent, and what it gives.
using Operands = std::vector<at::Tensor>;

/// A node made ready to run. Reports what it cannot compute as c10::Error (TORCH_CHECK).
using Kernel = std::function<Operands(const Operands&, const BatchSize&)>;

/// Translates the nodes of one operator. Floats are float32 and integers int64 (booleans too).
struct Operator {
  std::string_view name;
  Kernel (*translate)(const NodeReader&);
};

/// Translates an operator that is a function of one tensor.
template <at::Tensor (*compute)(const at::Tensor&)>
Kernel translate_unary(const NodeReader& reader) {
  reader.expect_inputs(1, 1);
  return [](const Operands& in, const BatchSize&) -> Operands { return {compute(in[0])}; };
}

/// Conv, Gemm, MatMul, Einsum.
std::span<const Operator> linear_operators();
std::span<const Operator> pooling_operators();
/// Arithmetic on one or several tensors.
std::span<const Operator> arithmetic_operators();
/// Comparisons, logic, and what chooses by it.
std::span<const Operator> comparison_operators();
std::span<const Operator> activation_operators();
std::span<const Operator> normalization_operators();
std::span<const Operator> quantization_operators();
std::span<const Operator> reduction_operators();
/// What changes shapes and leaves values in their order.
std::span<const Operator> shape_operators();
/// What makes tensors of attributes, sizes and bounds.
std::span<const Operator> source_operators();
/// What moves values about: Concat, Split, Slice, Pad, Gather, Transpose and the like.
std::span<const Operator> arrangement_operators();
/// What changes the resolution of maps.
std::span<const Operator> scaling_operators();

/// nullptr where the operator is not known.
const Operator* find_operator(std::string_view domain, std::string_view name);

/// The largest tensor that a node may make out of small ones: 4 GB.
constexpr int64_t most_elements = int64_t{1} << 30;
/// Throws c10::Error where a tensor of these sizes would be larger.
void check_moderate(at::IntArrayRef sizes);

/// Whether a step may write its result into an operand: nothing else refers to it, and no gradient is asked
/// for.
bool may_overwrite(const at::Tensor& operand);

/// The values of an integer tensor.
std::vector<int64_t> to_integers(const at::Tensor& tensor);

}  // namespace mj
