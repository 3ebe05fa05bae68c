#pragma once

#include <onnx/onnx_pb.h>

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

namespace zoo {

/// A value of the graph. `channels` is the size of its axis 1, or of its last axis once it is a matrix or a
/// sequence: what the next layer's weights are sized by.
struct Value {
  std::string name;
  int64_t channels = 0;
};

/// What a filter or a pool sees of its input: rows, then columns.
struct Window {
  std::array<int64_t, 2> kernel{1, 1};
  int64_t stride = 1;
  std::array<int64_t, 4> pads{0, 0, 0, 0};  ///< top, left, bottom, right
};

/// Padded so that stride 1 keeps the size; sides must be odd.
Window same(int64_t side, int64_t stride = 1);
Window same(int64_t rows, int64_t columns, int64_t stride);
/// Without padding.
Window valid(int64_t side, int64_t stride = 1);
/// Padded by one row and column at the end: Caffe's rounding up of sizes, where an even size is halved.
Window rounded_up(int64_t side, int64_t stride);

/// The filters of a convolution.
struct Filters {
  int64_t count = 0;
  Window window;
  int64_t groups = 1;
};

/// Builds a classifier's graph (operator set 13) node by node, as it is at inference. Weights have shapes but
/// no values of their own: a ConstantOfShape node stands for each, as in ONNX's "light" models, so that files
/// stay small. The number of images is left free.
class GraphBuilder {
 public:
  /// The input is an RGB image of `side` x `side`.
  GraphBuilder(const std::string& network, int64_t side);

  Value image() const { return {model_.graph().input(0).name(), 3}; }

  /// Any operator with one output; the node is named after its operator.
  Value node(const std::string& op, const std::vector<Value>& inputs, int64_t channels,
             const std::vector<onnx::AttributeProto>& attributes = {});
  /// An operator that keeps its input's shape.
  Value map(const std::string& op, const Value& input) { return node(op, {input}, input.channels); }

  Value conv(const std::string& name, const Value& input, const Filters& filters);
  Value conv_without_bias(const std::string& name, const Value& input, const Filters& filters);
  /// A convolution without bias, then batch norm.
  Value conv_bn(const std::string& name, const Value& input, const Filters& filters);
  Value batch_norm(const std::string& name, const Value& input);
  Value relu(const Value& input) { return map("Relu", input); }

  /// Local response normalization with Caffe's values: Krizhevsky et al. 2012, section 3.3.
  Value response_norm(const Value& input);
  Value max_pool(const Value& input, const Window& window);
  /// Padding counts, as in Caffe and PyTorch.
  Value average_pool(const Value& input, const Window& window);
  Value global_average_pool(const Value& input) { return map("GlobalAveragePool", input); }

  /// All but the first axis as one of `features` values.
  Value flatten(const Value& input, int64_t features);
  Value gemm(const std::string& name, const Value& input, int64_t outputs);
  Value matmul(const std::string& name, const Value& left, const Value& right);
  /// A fully connected layer on every position of a sequence: MatMul and Add.
  Value linear(const std::string& name, const Value& input, int64_t outputs);

  Value add(const Value& left, const Value& right) { return node("Add", {left, right}, left.channels); }
  Value multiply(const Value& left, const Value& right) { return node("Mul", {left, right}, left.channels); }
  Value concat(const std::vector<Value>& inputs);
  Value reshape(const Value& input, const std::vector<int64_t>& sizes, int64_t channels);
  Value transpose(const Value& input, const std::vector<int64_t>& order, int64_t channels);

  Value weights(const std::string& name, const std::vector<int64_t>& shape);
  Value scalar(float value);
  /// A list of integers.
  Value integers(const std::vector<int64_t>& values);

  /// The model with the scores `logits` as its output. Throws where ONNX's checker or its shape inference,
  /// both strict, object.
  onnx::ModelProto finish(const Value& logits) const;

 private:
  onnx::NodeProto& append(const std::string& op, const std::string& name, const std::vector<Value>& inputs);
  Value convolve(const std::string& name, const Value& input, const Filters& filters, bool has_bias);
  Value pool(const std::string& op, const Value& input, const Window& window,
             std::vector<onnx::AttributeProto> attributes);
  /// True the first time: constants of the same value are shared.
  bool is_new_constant(const std::string& name) { return constants_.insert(name).second; }

  onnx::ModelProto model_;
  std::unordered_set<std::string> constants_;
};

}  // namespace zoo
