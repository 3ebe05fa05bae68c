#include "graph_builder.h"

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/defs/attr_proto_util.h>
#include <onnx/shape_inference/implementation.h>

namespace zoo {
namespace {

using onnx::MakeAttribute;

std::vector<onnx::AttributeProto> window_attributes(const Window& window) {
  return {MakeAttribute("kernel_shape", std::vector<int64_t>(window.kernel.begin(), window.kernel.end())),
          MakeAttribute("strides", std::vector<int64_t>(2, window.stride)),
          MakeAttribute("pads", std::vector<int64_t>(window.pads.begin(), window.pads.end()))};
}

void add_attributes(onnx::NodeProto& node, const std::vector<onnx::AttributeProto>& attributes) {
  node.mutable_attribute()->Assign(attributes.begin(), attributes.end());
}

/// A tensor of floats whose first size is the free number of images.
void declare(onnx::ValueInfoProto& value, const std::string& name, const std::vector<int64_t>& sizes) {
  value.set_name(name);
  onnx::TypeProto::Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  tensor.mutable_shape()->add_dim()->set_dim_param("N");
  for (const int64_t size : sizes) {
    tensor.mutable_shape()->add_dim()->set_dim_value(size);
  }
}

/// What stands for a weight's values. Neither 0 nor 1, which would make them look pruned or a mask.
onnx::TensorProto any_weight() {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(1);
  tensor.add_float_data(0.5F);
  return tensor;
}

}  // namespace

Window same(int64_t side, int64_t stride) {
  return same(side, side, stride);
}

Window same(int64_t rows, int64_t columns, int64_t stride) {
  return {{rows, columns}, stride, {rows / 2, columns / 2, rows / 2, columns / 2}};
}

Window valid(int64_t side, int64_t stride) {
  return {{side, side}, stride, {}};
}

Window rounded_up(int64_t side, int64_t stride) {
  return {{side, side}, stride, {0, 0, 1, 1}};
}

GraphBuilder::GraphBuilder(const std::string& network, int64_t side) {
  model_.set_ir_version(7);
  model_.set_producer_name("write_zoo");
  model_.add_opset_import()->set_version(13);
  model_.mutable_graph()->set_name(network);
  declare(*model_.mutable_graph()->add_input(), "image", {3, side, side});
}

onnx::NodeProto& GraphBuilder::append(const std::string& op, const std::string& name,
                                      const std::vector<Value>& inputs) {
  onnx::NodeProto& node = *model_.mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  node.add_output(name);
  for (const Value& input : inputs) {
    node.add_input(input.name);
  }
  return node;
}

Value GraphBuilder::node(const std::string& op, const std::vector<Value>& inputs, int64_t channels,
                         const std::vector<onnx::AttributeProto>& attributes) {
  const std::string name = fmt::format("{}_{}", op, model_.graph().node_size());
  add_attributes(append(op, name, inputs), attributes);
  return {name, channels};
}

Value GraphBuilder::convolve(const std::string& name, const Value& input, const Filters& filters,
                             bool has_bias) {
  const auto& [rows, columns] = filters.window.kernel;
  std::vector<Value> inputs{
      input, weights(name + ".weight", {filters.count, input.channels / filters.groups, rows, columns})};
  if (has_bias) {
    inputs.push_back(weights(name + ".bias", {filters.count}));
  }
  std::vector<onnx::AttributeProto> attributes = window_attributes(filters.window);
  attributes.push_back(MakeAttribute("group", filters.groups));
  add_attributes(append("Conv", name, inputs), attributes);
  return {name, filters.count};
}

Value GraphBuilder::conv(const std::string& name, const Value& input, const Filters& filters) {
  return convolve(name, input, filters, true);
}

Value GraphBuilder::conv_without_bias(const std::string& name, const Value& input, const Filters& filters) {
  return convolve(name, input, filters, false);
}

Value GraphBuilder::conv_bn(const std::string& name, const Value& input, const Filters& filters) {
  return batch_norm(name + ".bn", conv_without_bias(name, input, filters));
}

Value GraphBuilder::batch_norm(const std::string& name, const Value& input) {
  std::vector<Value> inputs{input};
  for (const char* parameter : {".scale", ".bias", ".mean", ".variance"}) {
    inputs.push_back(weights(name + parameter, {input.channels}));
  }
  append("BatchNormalization", name, inputs);
  return {name, input.channels};
}

Value GraphBuilder::response_norm(const Value& input) {
  return node("LRN", {input}, input.channels,
              {MakeAttribute("size", int64_t{5}), MakeAttribute("alpha", 1e-4F), MakeAttribute("beta", 0.75F),
               MakeAttribute("bias", 1.0F)});
}

Value GraphBuilder::pool(const std::string& op, const Value& input, const Window& window,
                         std::vector<onnx::AttributeProto> attributes) {
  const std::vector<onnx::AttributeProto> sizes = window_attributes(window);
  attributes.insert(attributes.end(), sizes.begin(), sizes.end());
  return node(op, {input}, input.channels, attributes);
}

Value GraphBuilder::max_pool(const Value& input, const Window& window) {
  return pool("MaxPool", input, window, {});
}

Value GraphBuilder::average_pool(const Value& input, const Window& window) {
  return pool("AveragePool", input, window, {MakeAttribute("count_include_pad", int64_t{1})});
}

Value GraphBuilder::flatten(const Value& input, int64_t features) {
  return node("Flatten", {input}, features, {MakeAttribute("axis", int64_t{1})});
}

Value GraphBuilder::gemm(const std::string& name, const Value& input, int64_t outputs) {
  const std::vector<Value> inputs{input, weights(name + ".weight", {outputs, input.channels}),
                                  weights(name + ".bias", {outputs})};
  add_attributes(append("Gemm", name, inputs), {MakeAttribute("transB", int64_t{1})});
  return {name, outputs};
}

Value GraphBuilder::matmul(const std::string& name, const Value& left, const Value& right) {
  append("MatMul", name, {left, right});
  return {name, right.channels};
}

Value GraphBuilder::linear(const std::string& name, const Value& input, int64_t outputs) {
  const Value product = matmul(name, input, weights(name + ".weight", {input.channels, outputs}));
  return add(product, weights(name + ".bias", {outputs}));
}

Value GraphBuilder::concat(const std::vector<Value>& inputs) {
  int64_t channels = 0;
  for (const Value& input : inputs) {
    channels += input.channels;
  }
  return node("Concat", inputs, channels, {MakeAttribute("axis", int64_t{1})});
}

Value GraphBuilder::reshape(const Value& input, const std::vector<int64_t>& sizes, int64_t channels) {
  return node("Reshape", {input, integers(sizes)}, channels);
}

Value GraphBuilder::transpose(const Value& input, const std::vector<int64_t>& order, int64_t channels) {
  return node("Transpose", {input}, channels, {MakeAttribute("perm", order)});
}

Value GraphBuilder::weights(const std::string& name, const std::vector<int64_t>& shape) {
  add_attributes(append("ConstantOfShape", name, {integers(shape)}), {MakeAttribute("value", any_weight())});
  return {name, shape.back()};
}

Value GraphBuilder::scalar(float value) {
  const std::string name = fmt::format("scalar_{}", value);
  if (is_new_constant(name)) {
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_float_data(value);
  }
  return {name, 0};
}

Value GraphBuilder::integers(const std::vector<int64_t>& values) {
  const std::string name = fmt::format("integers_{}", fmt::join(values, "_"));
  if (is_new_constant(name)) {
    onnx::TensorProto& tensor = *model_.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(values.size()));
    tensor.mutable_int64_data()->Assign(values.begin(), values.end());
  }
  return {name, 0};
}

onnx::ModelProto GraphBuilder::finish(const Value& logits) const {
  onnx::ModelProto model = model_;
  declare(*model.mutable_graph()->add_output(), logits.name, {logits.channels});
  onnx::checker::check_model(model);
  // On a copy: the inferred shapes of all values would be written with the model.
  onnx::ModelProto inferred = model;
  const onnx::ShapeInferenceOptions strict{true, 1, true};
  onnx::shape_inference::InferShapes(inferred, onnx::OpSchemaRegistry::Instance(), strict);
  return model;
}

}  // namespace zoo
