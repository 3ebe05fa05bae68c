#pragma once

#include <filesystem>

#include "onnx/layer_list.h"

namespace mj {

/// A YAML layer list (docs/model.md, "Layer lists"). Throws InputError with every problem found.
/// @param batch overrides the file's own batch where it is positive
LayerList read_layer_yaml(const std::filesystem::path& file, int64_t batch);

}  // namespace mj
