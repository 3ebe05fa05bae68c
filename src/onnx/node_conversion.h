#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "network/network.h"

namespace mj {

/// The node with those attributes that Attribute can hold; subgraphs and the like are left out, an attribute
/// tensor of strings too. Throws InputError where an attribute tensor's values and shape do not agree.
Node from_proto(const onnx::NodeProto& proto, const std::string& file);

onnx::NodeProto to_proto(const Node& node);

/// An attribute of a proto; nullptr where there is none of that name.
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& proto, std::string_view name);

/// "" stands for "ai.onnx".
std::string normal_domain(const std::string& domain);

}  // namespace mj
