#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace mj {

/// Throws InputError where the name of a node, operator or value is not UTF-8: names go into reports.
void check_names(const onnx::GraphProto& graph, const std::string& file);

}  // namespace mj
