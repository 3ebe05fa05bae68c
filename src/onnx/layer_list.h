#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "energy/workload.h"

namespace mj {

/// Layers that a file lists by their shapes, without a graph or values.
struct LayerList {
  std::vector<Workload> workloads;
  int64_t batch = 1;
};

/// A layer as such files describe it.
struct ListedLayer {
  std::string name;
  LayerShape shape;
  double weight_density = 1;
  double input_density = 1;
  double output_density = 1;
  int weight_bits = 16;
  int activation_bits = 16;
};

/// The patterns are unknown, so zeros are taken as spread evenly: over the padded map, too.
Workload listed_workload(const ListedLayer& layer);

/// Whether the file's name is that of a layer list: .csv or .txt for the 25-field CSV of
/// energyestimation.mit.edu, .yaml or .yml for the form of docs/model.md.
bool is_layer_list(const std::filesystem::path& file);

/// @param batch overrides the file's own batch where it is positive
/// Throws InputError naming line and field; for YAML with every problem found.
LayerList read_layer_list(const std::filesystem::path& file, int64_t batch);

}  // namespace mj
