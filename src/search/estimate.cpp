#include "search/estimate.h"

#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/threads.h"
#include "mapping/placed_loops.h"
#include "search/map_layers.h"
#include "search/search_mapping.h"

namespace mj {
namespace {

std::string place_of(const std::string& key) {
  return "layers." + key;
}

/// The layer that a key of a mapping file names, or counts from 1; nullopt where there is none.
std::optional<std::size_t> find_workload(const std::vector<Workload>& workloads, const std::string& key) {
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    if (workloads[i].name == key) {
      return i;
    }
  }
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    if (std::to_string(i + 1) == key) {
      return i;
    }
  }
  return std::nullopt;
}

/// The layer that a key names; throws InputError where there is none.
std::size_t named_layer(const std::vector<Workload>& workloads, const MappingFile& file,
                        const std::string& key) {
  const auto layer = find_workload(workloads, key);
  if (!layer) {
    throw InputError(file.file, place_of(key), "names no layer",
                     fmt::format("must be a layer's name, or its index from 1 to {}", workloads.size()));
  }
  return *layer;
}

template <class Mapping>
void give(const std::vector<Workload>& workloads, const MappingFile& file, const std::string& key,
          std::size_t layer, Mapping mapping, std::map<std::size_t, Mapping>& given) {
  if (!given.emplace(layer, std::move(mapping)).second) {
    throw InputError(file.file, place_of(key), fmt::format("names layer {} again", workloads[layer].name),
                     "keep one of them");
  }
}

/// The user's mappings by the layer's position; throws InputError where one cannot be used.
std::map<std::size_t, RowStationaryMapping> given_mappings(const std::vector<Workload>& workloads,
                                                           const MappingFile& file,
                                                           const RowStationaryArray& array) {
  if (!file.nests.empty()) {
    throw InputError(file.file, file.nests.begin()->second.place, "is a loop nest",
                     "this accelerator takes the row-stationary short form { rs: { m: ..., n: ..., e: ..., "
                     "p: ..., q: ..., r: ..., t: ... } }");
  }
  std::map<std::size_t, RowStationaryMapping> given;
  for (const auto& [key, mapping] : file.layers) {
    const std::size_t layer = named_layer(workloads, file, key);
    if (const auto reason = misfit(workloads[layer].shape, array, mapping)) {
      throw InputError(file.file, place_of(key), "does not fit: " + *reason,
                       "choose smaller parameters, or leave the layer out to have it mapped");
    }
    give(workloads, file, key, layer, mapping, given);
  }
  return given;
}

std::map<std::size_t, LoopNest> given_nests(const std::vector<Workload>& workloads, const MappingFile& file,
                                            const Accelerator& accelerator, Counting counting) {
  if (!file.layers.empty()) {
    throw InputError(file.file, place_of(file.layers.begin()->first), "is a row-stationary mapping",
                     fmt::format("{} takes loop nests: a list of {{ level: {}, loops: [K 4, C 2] }}",
                                 accelerator.name, accelerator.levels.front().name));
  }
  std::map<std::size_t, LoopNest> given;
  for (const auto& [key, named] : file.nests) {
    const std::size_t layer = named_layer(workloads, file, key);
    const LoopNest nest = nest_on(named, accelerator, file.file);
    if (const auto reason = misfit(workloads[layer].shape, accelerator, nest)) {
      throw InputError(file.file, named.place, "does not fit: " + *reason,
                       "change the bounds, or leave the layer out to have it mapped");
    }
    if (counting == Counting::timeloop && has_ragged_tiles(workloads[layer].shape, nest)) {
      throw InputError(file.file, named.place, "has ragged tiles, which Timeloop's rules do not count",
                       "count exactly, or give bounds that divide the layer's");
    }
    give(workloads, file, key, layer, nest, given);
  }
  return given;
}

std::optional<std::string> other_accelerator_note(const Accelerator& accelerator,
                                                  const MappingFile* mappings) {
  if (mappings == nullptr || mappings->accelerator.empty() || mappings->accelerator == accelerator.name) {
    return std::nullopt;
  }
  return fmt::format("{} was written for accelerator {}; its mappings are used on {}", mappings->file,
                     mappings->accelerator, accelerator.name);
}

std::vector<std::string> mapping_notes(const std::vector<Workload>& workloads, const Accelerator& accelerator,
                                       const MappingFile* mappings, const RowStationaryArray& array) {
  std::vector<std::string> notes;
  if (const auto note = other_accelerator_note(accelerator, mappings)) {
    notes.push_back(*note);
  }
  for (const Workload& workload : workloads) {
    const int64_t pieces = fold_long_rows(workload.shape, array).c / workload.shape.c;
    if (pieces > 1) {
      notes.push_back(
          fmt::format("layer {}: filter rows of {} words are longer than a PE's scratchpad and are "
                      "cut into {} pieces that count as channels",
                      workload.name, workload.shape.s, pieces));
    }
  }
  return notes;
}

void map_row_stationary(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
                        const MappingFile* mappings, Estimate& result) {
  const RowStationaryArray array = row_stationary_array(accelerator);
  result.notes = mapping_notes(workloads, accelerator, mappings, array);
  const auto given = mappings == nullptr ? std::map<std::size_t, RowStationaryMapping>()
                                         : given_mappings(workloads, *mappings, array);
  result.layers.resize(workloads.size());
  parallel_for(workloads.size(), available_threads(), [&](std::size_t i) {
    const auto mapping = given.find(i);
    LayerEstimate& layer = result.layers[i];
    layer.workload = workloads[i];
    layer.mapping_is_optimal = mapping == given.end();
    layer.mapping = layer.mapping_is_optimal ? search_mapping(workloads[i], accelerator) : mapping->second;
    layer.counts = count_accesses(workloads[i], accelerator, layer.mapping);
    layer.energy = price(layer.counts, workloads[i], accelerator, static_cast<double>(batch));
  });
}

void map_nests(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
               const MappingFile* mappings, const NestOptions& options, Estimate& result) {
  if (const auto note = other_accelerator_note(accelerator, mappings)) {
    result.notes.push_back(*note);
  }
  const auto given = mappings == nullptr ? std::map<std::size_t, LoopNest>()
                                         : given_nests(workloads, *mappings, accelerator, options.counting);
  result.layers = map_layers(workloads, accelerator, batch, given, options);
  for (const LayerEstimate& layer : result.layers) {
    const NestEstimate& nest = *layer.nest;
    if (!layer.mapping_is_optimal && nest.least_value > 0) {
      result.notes.push_back(
          fmt::format("layer {}: its mapping is {:.3g} % above the best that was found, which is at most "
                      "{:.3g} % above the optimum",
                      layer.workload.name, 100 * (nest.value / nest.least_value - 1),
                      nest.bound > 0 ? 100 * (nest.least_value / nest.bound - 1) : 0));
    }
  }
}

}  // namespace

Estimate estimate(const std::vector<Workload>& workloads, const Accelerator& accelerator, int64_t batch,
                  const MappingFile* mappings, const NestOptions& options) {
  Estimate result;
  result.accelerator = accelerator.name;
  result.batch = batch;
  result.mac_picojoules = accelerator.mac_picojoules;
  result.clock_mhz = accelerator.clock_mhz;
  if (accelerator.dataflow.empty()) {
    result.nests = options;
    map_nests(workloads, accelerator, batch, mappings, options, result);
  } else {
    map_row_stationary(workloads, accelerator, batch, mappings, result);
  }
  return result;
}

std::string mapping_text(const LayerEstimate& layer) {
  return layer.nest ? nest_line(layer.nest->nest) : to_string(layer.mapping);
}

Energy total_energy(const Estimate& estimate) {
  Energy sum;
  for (const LayerEstimate& layer : estimate.layers) {
    sum += layer.energy.total;
  }
  return sum;
}

Totals totals_of(const Estimate& estimate) {
  constexpr double bits_in_byte = 8;
  Totals totals;
  for (const LayerEstimate& layer : estimate.layers) {
    totals.macs += static_cast<double>(mac_count(layer.workload.shape));
    totals.nonzero_macs += layer.workload.nonzero_macs;
    totals.weights += stored_weights(layer.workload);
    totals.nonzero_weights += stored_nonzero_weights(layer.workload);
    totals.cycles += layer.counts.cycles.value;
    for (const Operand operand : all_operands) {
      const Accesses& moved = layer.counts.levels.front().operands[operand];
      totals.memory_bytes +=
          (moved.read + moved.write).value * bits_of(layer.workload, operand) / bits_in_byte;
    }
  }
  return totals;
}

std::optional<Picojoules> static_energy(const Estimate& estimate) {
  if (!estimate.static_power || !estimate.clock_mhz) {
    return std::nullopt;
  }
  // Milliwatts times microseconds are thousands of picojoules.
  const double microseconds =
      totals_of(estimate).cycles / *estimate.clock_mhz / static_cast<double>(estimate.batch);
  return Picojoules{estimate.static_power->milliwatts * microseconds * 1e3};
}

Energy compute_energy(const Estimate& estimate) {
  Energy sum;
  for (const LayerEstimate& layer : estimate.layers) {
    sum += layer.energy.compute;
  }
  return sum;
}

Energy operand_energy(const Estimate& estimate, Operand operand) {
  Energy sum;
  for (const LayerEstimate& layer : estimate.layers) {
    sum += layer.energy.by_operand[operand];
  }
  return sum;
}

std::vector<std::pair<std::string, Energy>> energy_by_level(const Estimate& estimate) {
  std::vector<std::pair<std::string, Energy>> sums;
  for (const LayerEstimate& layer : estimate.layers) {
    if (sums.empty()) {
      sums = layer.energy.by_level;
      continue;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i].second += layer.energy.by_level[i].second;
    }
  }
  return sums;
}

}  // namespace mj
