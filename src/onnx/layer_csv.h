#pragma once

#include <filesystem>

#include "onnx/layer_list.h"

namespace mj {

/// The 25-field CSV of energyestimation.mit.edu.
/// @param batch overrides the file's own batch where it is positive
/// Throws InputError naming line and field.
LayerList read_layer_csv(const std::filesystem::path& file, int64_t batch);

}  // namespace mj
