#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "energy/price.h"
#include "mapping/mapping_file.h"
#include "search/search_nest.h"

namespace mj {

/// How loop nests are counted and what is looked for; row stationary has its own counting.
struct NestOptions {
  Counting counting = Counting::exact;
  Objective objective = Objective::energy;
  std::optional<double> seconds;  ///< for each layer; none: until the proof
  Tiling tiling = Tiling::divisors;
};

/// A layer's loop nest, and what the search says of it.
struct NestEstimate {
  NamedNest nest;
  double value = 0;        ///< energy, cycles or their product, of the nest
  double least_value = 0;  ///< the same of the best that was found
  double bound = 0;        ///< no nest is below
  double candidates = 0;   ///< nests that the search stands for
  double looked_at = 0;    ///< tiles, spreads and orders that it priced or bounded
  std::string limited_by;  ///< "compute", or the level whose bandwidth takes the cycles
};

struct LayerEstimate {
  Workload workload;
  RowStationaryMapping mapping;      ///< where the accelerator is a row-stationary one
  std::optional<NestEstimate> nest;  ///< where it is not
  bool mapping_is_optimal = true;    ///< false where the user gave it, or time ran out
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
  NestOptions nests;                        ///< that the layers were mapped with, where they are loop nests
  std::vector<LayerEstimate> layers;
  std::vector<OtherOperator> others;  ///< only where they were asked for; in no total
  std::vector<std::string> notes;     ///< what was assumed
};

/// Layers are mapped by `mappings` where it names them, else by the best mapping: a row-stationary one where
/// the accelerator says so, else the best loop nest. Throws InputError for a mapping that does not fit, is of
/// the other kind or names no layer, and for a layer that fits nowhere.
Estimate estimate(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
                  const MappingFile* mappings = nullptr, const NestOptions& options = {});

/// The mapping in one line.
std::string mapping_text(const LayerEstimate& layer);

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
