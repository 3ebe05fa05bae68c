#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>

namespace mj {

/// Parses a model and checks that it has a graph with nodes and operator sets. Throws InputError otherwise.
onnx::ModelProto parse_model(const std::filesystem::path& file);

/// Parses bytes that this library wrote. Throws InternalError where they are damaged.
onnx::ModelProto parse_envelope(const std::string& bytes);

/// Deterministic. Throws InputError for `file` where the model is beyond what protobuf holds.
std::string serialize(const onnx::ModelProto& model, const std::string& file);

}  // namespace mj
