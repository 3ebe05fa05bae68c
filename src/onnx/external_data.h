#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

namespace mj {

/// Reads the values of every tensor that keeps them in a file of its own, in subgraphs too, into its
/// raw_data. Such files must lie in the folder of `file`, the model's. Throws InputError that names both
/// files where one is missing, too short or elsewhere.
void embed_external_data(onnx::ModelProto& model, const std::filesystem::path& file);

}  // namespace mj
