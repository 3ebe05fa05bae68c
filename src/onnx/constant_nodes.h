#pragma once

#include <onnx/onnx_pb.h>

#include <optional>
#include <string>

#include "network/tensor.h"

namespace mj {

/// The tensor that a Constant node gives; nullopt for other nodes and for what Tensor cannot hold.
std::optional<Tensor> decode_constant_node(const onnx::NodeProto& node, const std::string& file);

/// As clear_values and encode_tensor, for such a node.
void clear_constant_node(onnx::NodeProto& node);
void encode_constant_node(const Tensor& tensor, onnx::NodeProto& node);

}  // namespace mj
