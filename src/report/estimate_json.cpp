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
  const Totals sums = totals_of(estimate);
  Json operands{{"compute", compute_energy(estimate).value}};
  for (const Operand operand : all_operands) {
    operands[std::string(to_string(operand))] = operand_energy(estimate, operand).value;
  }
  const double energy = total_energy(estimate).value;
  return {{"energy", energy},
          {"energy_pj", in_picojoules(energy, estimate)},
          {"macs", count(sums.macs)},
          {"nonzero_macs", count(sums.nonzero_macs)},
          {"weights", count(sums.weights)},
          {"nonzero_weights", count(sums.nonzero_weights)},
          {"cycles", count(sums.cycles)},
          {"by_operand", operands},
          {"by_level", by_level(energy_by_level(estimate))}};
}

/// What stands beside the totals only where it was asked for.
void add_extras(const Estimate& estimate, Json& json) {
  if (estimate.static_power) {
    const auto energy = static_energy(estimate);
    json["static"] = {{"name", estimate.static_power->name},
                      {"milliwatts", estimate.static_power->milliwatts},
                      {"energy_pj", energy ? Json(energy->value) : Json(nullptr)}};
  }
  if (!estimate.others.empty()) {
    Json others = Json::array();
    for (const OtherOperator& other : estimate.others) {
      others.push_back({{"name", other.name},
                        {"op", other.op},
                        {"read_words", count(other.read.value)},
                        {"write_words", count(other.written.value)},
                        {"energy", other.energy.value},
                        {"energy_pj", in_picojoules(other.energy.value, estimate)}});
    }
    json["other_operators"] = std::move(others);
  }
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
      const double bytes = bits_of(workload, operand) / bits_in_byte;
      operands[std::string(to_string(operand))] = {{"read_words", count(moved.read.value)},
                                                   {"write_words", count(moved.write.value)},
                                                   {"read_bytes", count(moved.read.value * bytes)},
                                                   {"write_bytes", count(moved.write.value * bytes)}};
    }
    json[level.level] = std::move(operands);
  }
  return json;
}

Json mapping_json(const LayerEstimate& layer) {
  Json json{{"text", layer.nest ? drawn_nest(layer.nest->nest) : mapping_text(layer)},
            {"optimal", layer.mapping_is_optimal}};
  if (layer.nest) {
    json["value"] = layer.nest->value;
    json["best_value"] = layer.nest->least_value;
    json["bound"] = layer.nest->bound;
    json["candidates"] = layer.nest->candidates;
    json["looked_at"] = layer.nest->looked_at;
    json["limited_by"] = layer.nest->limited_by;
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
          {"weights", count(stored_weights(workload))},
          {"nonzero_weights", count(stored_nonzero_weights(workload))},
          {"input_density", workload.input_density},
          {"output_density", workload.output_density},
          {"energy", layer.energy.total.value},
          {"energy_pj", in_picojoules(layer.energy.total.value, estimate)},
          {"by_operand", operands},
          {"by_level", by_level(layer.energy.by_level)},
          {"cycles", count(layer.counts.cycles.value)},
          {"utilization", layer.counts.utilization},
          {"accesses", accesses(layer.counts, workload)},
          {"mapping", mapping_json(layer)}};
}

}  // namespace

std::string estimate_json(const Estimate& estimate, const std::vector<Lever>& levers) {
  Json layers = Json::array();
  for (const LayerEstimate& layer : estimate.layers) {
    layers.push_back(layer_json(layer, estimate));
  }
  Json json{{"schema", "millijoule.estimate/1"},
            {"model", estimate.model},
            {"accelerator", estimate.accelerator},
            {"batch", estimate.batch},
            {"objective", name_of(estimate.nests.objective)},
            {"totals", totals(estimate)},
            {"layers", std::move(layers)},
            {"notes", estimate.notes}};
  add_extras(estimate, json);
  for (const Lever& lever : levers) {
    json["levers"].push_back({{"change", lever.change}, {"energy", total_energy(lever.after).value}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mj
