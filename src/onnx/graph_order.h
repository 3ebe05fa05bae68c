#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace mj {

/// Checks that every value has one source and a name of its own, and brings the nodes into topological order;
/// those that are already in order keep their places. Throws InputError that names the node at fault.
void check_and_sort(onnx::GraphProto& graph, const std::string& file);

/// "node 'conv1' (Conv)", for InputError.
std::string place_of(const onnx::NodeProto& node);

}  // namespace mj
