#include <fmt/format.h>

#include "report/estimate_report.h"
#include "report/figures.h"
#include "report/text_table.h"

namespace mj {
namespace {

/// Sums over a network's layers, per image where not said otherwise.
struct Totals {
  double macs = 0, nonzero_macs = 0;
  double weights = 0, nonzero_weights = 0;
  double cycles = 0;  ///< of the batch
};

Totals sum(const Estimate& estimate) {
  Totals totals;
  const auto batch = static_cast<double>(estimate.batch);
  for (const LayerEstimate& layer : estimate.layers) {
    totals.macs += static_cast<double>(mac_count(layer.workload.shape)) / batch;
    totals.nonzero_macs += layer.workload.nonzero_macs / batch;
    totals.weights += static_cast<double>(weight_count(layer.workload.shape));
    totals.nonzero_weights += layer.workload.nonzero_weights;
    totals.cycles += layer.counts.cycles.value;
  }
  return totals;
}

/// "96x3x11x11 /4 @55x55"
std::string shape_text(const LayerShape& shape) {
  std::string text = fmt::format("{}x{}", shape.k, shape.c);
  if (shape.r != 1 || shape.s != 1) {
    text += fmt::format("x{}x{}", shape.r, shape.s);
  }
  if (shape.groups != 1) {
    text += fmt::format(" g{}", shape.groups);
  }
  if (shape.stride[0] != shape.stride[1]) {
    text += fmt::format(" /{}x{}", shape.stride[0], shape.stride[1]);
  } else if (shape.stride[0] != 1) {
    text += fmt::format(" /{}", shape.stride[0]);
  }
  if (shape.p != 1 || shape.q != 1) {
    text += fmt::format(" @{}x{}", shape.p, shape.q);
  }
  return text;
}

/// Energy as MACs and, where picojoules are known, as joules; then its share of the network's and its own
/// division.
void add_energies(std::vector<std::string>& row, const Estimate& estimate, double energy, double network,
                  const std::array<double, 4>& operands) {
  row.push_back(si_figure(energy));
  if (estimate.mac_picojoules) {
    row.push_back(joules(energy * *estimate.mac_picojoules));
  }
  row.push_back(percentage(ratio(energy, network)));
  for (const double part : operands) {
    row.push_back(percentage(ratio(part, energy)));
  }
}

std::string layer_table(const Estimate& estimate, const Totals& totals) {
  TextTable table;
  table.columns = {
      {"layer", Align::left}, {"op", Align::left}, {"shape", Align::left}, {"MACs"}, {"nonzero"}, {"energy"}};
  if (estimate.mac_picojoules) {
    table.columns.push_back({"joules"});
  }
  for (const char* header : {"share", "comp.", "wts.", "in", "out"}) {
    table.columns.push_back({header});
  }
  const double network = total_energy(estimate).value;
  for (const LayerEstimate& layer : estimate.layers) {
    const Workload& workload = layer.workload;
    const double macs = static_cast<double>(mac_count(workload.shape)) / static_cast<double>(estimate.batch);
    const auto weights = static_cast<double>(weight_count(workload.shape));
    std::vector<std::string> row{printable(workload.name), printable(workload.op), shape_text(workload.shape),
                                 si_figure(macs), percentage(ratio(workload.nonzero_weights, weights))};
    const auto& parts = layer.energy.by_operand;
    add_energies(row, estimate, layer.energy.total.value, network,
                 {layer.energy.compute.value, parts[Operand::weights].value, parts[Operand::inputs].value,
                  parts[Operand::outputs].value});
    table.rows.push_back(std::move(row));
  }
  table.total = {"total", "", "", si_figure(totals.macs),
                 percentage(ratio(totals.nonzero_weights, totals.weights))};
  add_energies(
      table.total, estimate, network, network,
      {compute_energy(estimate).value, operand_energy(estimate, Operand::weights).value,
       operand_energy(estimate, Operand::inputs).value, operand_energy(estimate, Operand::outputs).value});
  return to_text(table);
}

std::string level_table(const Estimate& estimate) {
  TextTable table;
  table.columns = {{"level", Align::left}, {"energy"}};
  if (estimate.mac_picojoules) {
    table.columns.push_back({"joules"});
  }
  table.columns.push_back({"share"});
  const double network = total_energy(estimate).value;
  for (const auto& [level, energy] : energy_by_level(estimate)) {
    std::vector<std::string> row{printable(level)};
    add_energies(row, estimate, energy.value, network, {});
    row.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }
  return to_text(table);
}

}  // namespace

std::string estimate_text(const Estimate& estimate) {
  const Totals totals = sum(estimate);
  const double network = total_energy(estimate).value;
  std::string text = fmt::format("{} on {}, batch {}\n\n", printable(estimate.model),
                                 printable(estimate.accelerator), estimate.batch);
  text += layer_table(estimate, totals);
  text +=
      "\nPer image; energy in 16-bit MACs. shape: filters x channels x rows x columns, gGROUPS /STRIDE "
      "@OUTPUT MAP."
      "\nnonzero: of the weights. comp., wts., in, out: computing, and moving weights, inputs and "
      "outputs.\n\n";
  text += level_table(estimate);
  text += fmt::format("\nenergy   {} MACs", si_figure(network));
  if (estimate.mac_picojoules) {
    text += fmt::format(" = {}", joules(network * *estimate.mac_picojoules));
  }
  text += fmt::format("\nMACs     {}, {} ({}) with weight and input non-zero\n", si_figure(totals.macs),
                      si_figure(totals.nonzero_macs), percentage(ratio(totals.nonzero_macs, totals.macs)));
  text += fmt::format("weights  {}, {} ({}) non-zero\n", si_figure(totals.weights),
                      si_figure(totals.nonzero_weights),
                      percentage(ratio(totals.nonzero_weights, totals.weights)));
  text += fmt::format("cycles   {} for the batch\n", si_figure(totals.cycles));
  for (const std::string& note : estimate.notes) {
    text += fmt::format("note: {}\n", printable(note));
  }
  return text;
}

}  // namespace mj
