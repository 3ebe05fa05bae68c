#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "energy/price.h"
#include "mapping/mapping_file.h"

namespace mj {

struct LayerEstimate {
  Workload workload;
  RowStationaryMapping mapping;
  bool mapping_is_optimal = true;  ///< false where the user gave it
  AccessCounts counts;
  LayerEnergy energy;
};

/// The energy of a network on an accelerator; energies per image, counts for the batch.
struct Estimate {
  std::string model;
  std::string accelerator;
  int64_t batch = 1;
  std::optional<double> mac_picojoules;
  std::vector<LayerEstimate> layers;
  std::vector<std::string> notes;  ///< what was assumed
};

/// Layers are mapped by `mappings` where it names them, else by the best mapping. Throws InputError for a
/// mapping that does not fit or names no layer.
Estimate estimate(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
                  const MappingFile* mappings = nullptr);

Energy total_energy(const Estimate& estimate);
Energy compute_energy(const Estimate& estimate);
Energy operand_energy(const Estimate& estimate, Operand operand);
/// Summed over layers, outside in.
std::vector<std::pair<std::string, Energy>> energy_by_level(const Estimate& estimate);

}  // namespace mj
