#include <nlohmann/json.hpp>

#include "report/estimate_report.h"
#include "report/figures.h"

namespace mj {
namespace {

using Json = nlohmann::ordered_json;

/// Whole numbers are written without a decimal point.
Json count(double value) {
  const auto whole = whole_count(value);
  return whole ? Json(*whole) : Json(value);
}

Json in_picojoules(double energy, const Estimate& estimate) {
  return estimate.mac_picojoules ? Json(energy * *estimate.mac_picojoules) : Json(nullptr);
}

Json by_level(const std::vector<std::pair<std::string, Energy>>& energies) {
  Json json = Json::object();
  for (const auto& [level, energy] : energies) {
    json[level] = energy.value;
  }
  return json;
}

Json totals(const Estimate& estimate) {
  double macs = 0;
  double nonzero_macs = 0;
  double weights = 0;
  double nonzero_weights = 0;
  double cycles = 0;
  for (const LayerEstimate& layer : estimate.layers) {
    macs += static_cast<double>(mac_count(layer.workload.shape));
    nonzero_macs += layer.workload.nonzero_macs;
    weights += static_cast<double>(weight_count(layer.workload.shape));
    nonzero_weights += layer.workload.nonzero_weights;
    cycles += layer.counts.cycles.value;
  }
  Json operands{{"compute", compute_energy(estimate).value}};
  for (const Operand operand : all_operands) {
    operands[std::string(to_string(operand))] = operand_energy(estimate, operand).value;
  }
  const double energy = total_energy(estimate).value;
  return {{"energy", energy},
          {"energy_pj", in_picojoules(energy, estimate)},
          {"macs", count(macs)},
          {"nonzero_macs", count(nonzero_macs)},
          {"weights", count(weights)},
          {"nonzero_weights", count(nonzero_weights)},
          {"cycles", count(cycles)},
          {"by_operand", operands},
          {"by_level", by_level(energy_by_level(estimate))}};
}

Json shape_json(const LayerShape& shape) {
  return {{"N", shape.n}, {"K", shape.k}, {"C", shape.c},           {"P", shape.p},          {"Q", shape.q},
          {"R", shape.r}, {"S", shape.s}, {"groups", shape.groups}, {"stride", shape.stride}};
}

Json accesses(const AccessCounts& counts, const Workload& workload) {
  constexpr double bits_in_byte = 8;
  Json json = Json::object();
  for (const LevelAccesses& level : counts.levels) {
    Json operands = Json::object();
    for (const Operand operand : all_operands) {
      const Accesses& moved = level.operands[operand];
      const int bits = operand == Operand::weights ? workload.weight_bits : workload.activation_bits;
      const double bytes = bits / bits_in_byte;
      operands[std::string(to_string(operand))] = {{"read_words", count(moved.read.value)},
                                                   {"write_words", count(moved.write.value)},
                                                   {"read_bytes", count(moved.read.value * bytes)},
                                                   {"write_bytes", count(moved.write.value * bytes)}};
    }
    json[level.level] = std::move(operands);
  }
  return json;
}

Json layer_json(const LayerEstimate& layer, const Estimate& estimate) {
  const Workload& workload = layer.workload;
  Json operands{{"compute", layer.energy.compute.value}};
  for (const Operand operand : all_operands) {
    operands[std::string(to_string(operand))] = layer.energy.by_operand[operand].value;
  }
  return {{"name", workload.name},
          {"op", workload.op},
          {"shape", shape_json(workload.shape)},
          {"macs", mac_count(workload.shape)},
          {"nonzero_macs", count(workload.nonzero_macs)},
          {"weights", weight_count(workload.shape)},
          {"nonzero_weights", count(workload.nonzero_weights)},
          {"input_density", workload.input_density},
          {"output_density", workload.output_density},
          {"energy", layer.energy.total.value},
          {"energy_pj", in_picojoules(layer.energy.total.value, estimate)},
          {"by_operand", operands},
          {"by_level", by_level(layer.energy.by_level)},
          {"cycles", count(layer.counts.cycles.value)},
          {"utilization", layer.counts.utilization},
          {"accesses", accesses(layer.counts, workload)},
          {"mapping", {{"text", to_string(layer.mapping)}, {"optimal", layer.mapping_is_optimal}}}};
}

}  // namespace

std::string estimate_json(const Estimate& estimate) {
  Json layers = Json::array();
  for (const LayerEstimate& layer : estimate.layers) {
    layers.push_back(layer_json(layer, estimate));
  }
  const Json json{
      {"schema", "millijoule.estimate/1"}, {"model", estimate.model}, {"accelerator", estimate.accelerator},
      {"batch", estimate.batch},           {"objective", "energy"},   {"totals", totals(estimate)},
      {"layers", std::move(layers)},       {"notes", estimate.notes}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mj
