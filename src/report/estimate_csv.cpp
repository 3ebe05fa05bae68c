#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/estimate_report.h"
#include "report/figures.h"

namespace mj {
namespace {

/// The shortest text that reads back as the same number; empty where it is not finite.
std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "";
}

std::vector<std::string> header(const std::vector<std::pair<std::string, Energy>>& levels) {
  std::vector<std::string> fields{"name",
                                  "op",
                                  "N",
                                  "K",
                                  "C",
                                  "P",
                                  "Q",
                                  "R",
                                  "S",
                                  "groups",
                                  "stride_y",
                                  "stride_x",
                                  "macs",
                                  "nonzero_macs",
                                  "weights",
                                  "nonzero_weights",
                                  "input_density",
                                  "output_density",
                                  "energy",
                                  "energy_pj",
                                  "compute_energy",
                                  "weights_energy",
                                  "inputs_energy",
                                  "outputs_energy"};
  for (const auto& [level, energy] : levels) {
    fields.push_back(csv_field(level + "_energy"));
  }
  fields.insert(fields.end(), {"cycles", "utilization", "mapping", "optimal"});
  return fields;
}

std::vector<std::string> fields_of(const LayerEstimate& layer, const Estimate& estimate,
                                   const std::vector<std::pair<std::string, Energy>>& levels) {
  const Workload& workload = layer.workload;
  const LayerShape& shape = workload.shape;
  const LayerEnergy& energy = layer.energy;
  std::vector<std::string> fields{csv_field(workload.name), csv_field(workload.op)};
  for (const int64_t size : {shape.n, shape.k, shape.c, shape.p, shape.q, shape.r, shape.s, shape.groups,
                             shape.stride[0], shape.stride[1], mac_count(shape)}) {
    fields.push_back(fmt::format("{}", size));
  }
  fields.push_back(number(workload.nonzero_macs));
  fields.push_back(number(stored_weights(workload)));
  for (const double value : {stored_nonzero_weights(workload), workload.input_density,
                             workload.output_density, energy.total.value}) {
    fields.push_back(number(value));
  }
  fields.push_back(estimate.mac_picojoules ? number(energy.total.value * *estimate.mac_picojoules) : "");
  fields.push_back(number(energy.compute.value));
  for (const Operand operand : all_operands) {
    fields.push_back(number(energy.by_operand[operand].value));
  }
  for (const auto& [level, total] : levels) {
    const auto found = std::find_if(energy.by_level.begin(), energy.by_level.end(),
                                    [&name = level](const auto& part) { return part.first == name; });
    fields.push_back(found == energy.by_level.end() ? "" : number(found->second.value));
  }
  fields.insert(fields.end(), {number(layer.counts.cycles.value), number(layer.counts.utilization),
                               csv_field(mapping_text(layer)), layer.mapping_is_optimal ? "true" : "false"});
  return fields;
}

}  // namespace

std::string estimate_csv(const Estimate& estimate) {
  const auto levels = energy_by_level(estimate);
  std::string text = fmt::format("{}\n", fmt::join(header(levels), ","));
  for (const LayerEstimate& layer : estimate.layers) {
    text += fmt::format("{}\n", fmt::join(fields_of(layer, estimate, levels), ","));
  }
  return text;
}

}  // namespace mj
