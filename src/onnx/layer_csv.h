#pragma once

#include <filesystem>
#include <vector>

#include "energy/workload.h"

namespace mj {

/// Layers from a 25-field CSV of energyestimation.mit.edu.
struct LayerList {
  std::vector<Workload> workloads;
  int64_t batch = 1;
};

/// @param batch overrides the file's own batch where it is positive
/// Throws InputError naming line and field.
LayerList read_layer_csv(const std::filesystem::path& file, int64_t batch);

}  // namespace mj
