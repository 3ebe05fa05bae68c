#include "runtime/torch/prepacked_convolution.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace mj {
namespace {

c10::IValue call(const c10::OperatorHandle& op, std::vector<c10::IValue> stack) {
  op.callBoxed(&stack);
  return std::move(stack.at(0));
}

std::vector<int64_t> list(const std::array<int64_t, 2>& values) {
  return {values[0], values[1]};
}

}  // namespace

std::optional<Kernel> prepack_convolution(const LayerShape& shape, int64_t images, const at::Tensor& weights,
                                          const at::Tensor& bias, bool rectify) {
  // These two operators are part of libtorch's dispatcher, not of its C++ headers.
  auto& dispatcher = c10::Dispatcher::singleton();
  const auto prepack = dispatcher.findSchema({"mkldnn_prepacked::conv2d_prepack", ""});
  const auto run = dispatcher.findSchema({"mkldnn_prepacked::conv2d_run", ""});
  if (!prepack || !run || shape.pads[0] != shape.pads[2] || shape.pads[1] != shape.pads[3]) {
    return std::nullopt;
  }
  const std::vector<int64_t> input{images, shape.groups * shape.c, shape.height, shape.width};
  c10::IValue packed;
  try {
    packed = call(*prepack, {weights, bias.defined() ? c10::IValue(bias) : c10::IValue(), list(shape.stride),
                             std::vector<int64_t>{shape.pads[0], shape.pads[1]}, list(shape.dilation),
                             shape.groups, input, std::string(rectify ? "relu" : "none")});
  } catch (const c10::Error&) {
    return std::nullopt;  // The plain kernel says what is wrong.
  }
  return [packed, run = *run](const Operands& in, const BatchSize&) -> Operands {
    // It takes a part of a larger tensor, as Split and Slice give it, for one that lies by itself; and what
    // it gives has the order of what it takes, which channel shuffles and the like leave channels first.
    const auto whole = in[0].contiguous(at::MemoryFormat::ChannelsLast);
    return {call(run, {whole, packed}).toTensor()};
  };
}

}  // namespace mj
