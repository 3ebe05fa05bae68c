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

/// What an operator that is no MAC layer moves: each map that it reads comes from memory once, each that it
/// makes goes there once, both through the buffer. Energies per image, words for the batch.
struct OtherOperator {
  std::string name;
  std::string op;
  Words read;
  Words written;
  Energy energy;
};

/// The energy of a network on an accelerator; energies per image, counts for the batch.
struct Estimate {
  std::string model;
  std::string accelerator;
  int64_t batch = 1;
  std::optional<double> mac_picojoules;
  std::optional<double> clock_mhz;
  std::optional<StaticPower> static_power;  ///< only where it was asked for; in no total
  std::vector<LayerEstimate> layers;
  std::vector<OtherOperator> others;  ///< only where they were asked for; in no total
  std::vector<std::string> notes;     ///< what was assumed
};

/// Layers are mapped by `mappings` where it names them, else by the best mapping. Throws InputError for a
/// mapping that does not fit or names no layer.
Estimate estimate(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
                  const MappingFile* mappings = nullptr);

/// Sums over the layers; all but the weights for the batch.
struct Totals {
  double macs = 0, nonzero_macs = 0;
  double weights = 0, nonzero_weights = 0;
  double cycles = 0;
  double memory_bytes = 0;  ///< to and from the outermost level
};
Totals totals_of(const Estimate& estimate);

Energy total_energy(const Estimate& estimate);
/// Of the static power over the batch's cycles, an image; nullopt without static power, clock or picojoules.
std::optional<Picojoules> static_energy(const Estimate& estimate);
Energy compute_energy(const Estimate& estimate);
Energy operand_energy(const Estimate& estimate, Operand operand);
/// Summed over layers, outside in.
std::vector<std::pair<std::string, Energy>> energy_by_level(const Estimate& estimate);

}  // namespace mj
