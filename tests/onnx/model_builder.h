#pragma once

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "network/network.h"
#include "onnx/declare_value.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"

/// Models made with ONNX's own classes; a size of -1 is free.
class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 13) {
    model.set_ir_version(7);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("made");
  }

  ModelBuilder& input(const std::string& name, const mj::Shape& shape) {
    mj::declare_value(name, mj::ElementType::float32, shape, *model.mutable_graph()->add_input());
    return *this;
  }
  ModelBuilder& output(const std::string& name, const mj::Shape& shape) {
    mj::declare_value(name, mj::ElementType::float32, shape, *model.mutable_graph()->add_output());
    return *this;
  }
  ModelBuilder& node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                     const std::string& name = {}) {
    onnx::NodeProto& node = *model.mutable_graph()->add_node();
    node.set_op_type(op);
    node.set_name(name);
    node.mutable_input()->Assign(inputs.begin(), inputs.end());
    node.add_output(output);
    return *this;
  }
  /// Of the node added last.
  ModelBuilder& attribute(const std::string& name, const std::vector<int64_t>& values) {
    onnx::AttributeProto& attribute = *last_node().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    attribute.mutable_ints()->Assign(values.begin(), values.end());
    return *this;
  }
  ModelBuilder& integer_attribute(const std::string& name, int64_t value) {
    onnx::AttributeProto& attribute = *last_node().add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
    return *this;
  }
  onnx::TensorProto& initializer(const std::string& name, const mj::Shape& shape, int type) {
    onnx::TensorProto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.mutable_dims()->Assign(shape.begin(), shape.end());
    tensor.set_data_type(type);
    return tensor;
  }
  ModelBuilder& weights(const std::string& name, const mj::Shape& shape) {
    onnx::TensorProto& tensor = initializer(name, shape, onnx::TensorProto::FLOAT);
    for (int64_t i = 0; i < mj::element_count(shape); ++i) {
      tensor.add_float_data(0.5F * static_cast<float>(i));
    }
    return *this;
  }
  ModelBuilder& integers(const std::string& name, const std::vector<int64_t>& values) {
    onnx::TensorProto& tensor =
        initializer(name, {static_cast<int64_t>(values.size())}, onnx::TensorProto::INT64);
    tensor.mutable_int64_data()->Assign(values.begin(), values.end());
    return *this;
  }
  onnx::NodeProto& last_node() { return *model.mutable_graph()->mutable_node(model.graph().node_size() - 1); }

  onnx::ModelProto model;
};

/// Reads bytes as the file net.onnx of `folder`.
inline mj::Network read_bytes(const TemporaryFolder& folder, const std::string& bytes) {
  const auto file = folder.path() / "net.onnx";
  mj::write_file_atomically(file, bytes);
  return mj::read_onnx(file);
}

inline mj::Network read_model(const TemporaryFolder& folder, const onnx::ModelProto& model) {
  return read_bytes(folder, model.SerializeAsString());
}

/// What read_onnx says of it, without the folder's name.
inline std::string message_of(const std::string& bytes) {
  const TemporaryFolder folder;
  try {
    read_bytes(folder, bytes);
  } catch (const mj::InputError& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
  return "accepted";
}
