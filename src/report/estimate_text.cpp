#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "report/estimate_report.h"
#include "report/figures.h"
#include "report/nest_table.h"
#include "report/text_table.h"

namespace mj {
namespace {

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
    const double weights = stored_weights(workload);
    std::vector<std::string> row{printable(workload.name), printable(workload.op), shape_text(workload.shape),
                                 si_figure(macs),
                                 percentage(ratio(stored_nonzero_weights(workload), weights))};
    const auto& parts = layer.energy.by_operand;
    add_energies(row, estimate, layer.energy.total.value, network,
                 {layer.energy.compute.value, parts[Operand::weights].value, parts[Operand::inputs].value,
                  parts[Operand::outputs].value});
    table.rows.push_back(std::move(row));
  }
  table.total = {"total", "", "", si_figure(totals.macs / static_cast<double>(estimate.batch)),
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

std::string other_table(const Estimate& estimate) {
  TextTable table;
  table.columns = {{"other operator", Align::left}, {"op", Align::left}, {"read"}, {"written"}, {"energy"}};
  const auto images = static_cast<double>(estimate.batch);
  double sum = 0;
  for (const OtherOperator& other : estimate.others) {
    sum += other.energy.value;
    table.rows.push_back({printable(other.name), printable(other.op), si_figure(other.read.value / images),
                          si_figure(other.written.value / images), si_figure(other.energy.value)});
  }
  table.total = {"total, beside the layers", "", "", "", si_figure(sum)};
  return "\n" + to_text(table) + "Words and energy per image; in none of the totals above.\n";
}

/// Layers by what they cost, the costliest first; at most three.
std::vector<std::size_t> costliest_layers(const Estimate& estimate) {
  constexpr std::size_t most = 3;
  std::vector<std::size_t> order(estimate.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return estimate.layers[a].energy.total.value > estimate.layers[b].energy.total.value;
  });
  order.resize(std::min(order.size(), most));
  return order;
}

/// The memory that costs most, by its place among the levels.
std::size_t costliest_memory(const Estimate& estimate) {
  const auto levels = energy_by_level(estimate);
  std::size_t most = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].first != mac_level && levels[i].second.value > levels[most].second.value) {
      most = i;
    }
  }
  return most;
}

/// What costs most, and how each lever would move it.
std::string lever_table(const Estimate& estimate, const std::vector<Lever>& levers) {
  TextTable table;
  table.columns = {{"what costs most", Align::left}, {"share"}};
  for (const Lever& lever : levers) {
    table.columns.push_back({lever.change});
  }
  const double network = total_energy(estimate).value;
  const auto row = [&](std::string name, const std::function<double(const Estimate&)>& part) {
    const double now = part(estimate);
    std::vector<std::string> cells{std::move(name), percentage(ratio(now, network))};
    for (const Lever& lever : levers) {
      cells.push_back(now > 0 ? fmt::format("{:+.0f}%", (part(lever.after) / now - 1) * 100) : "-");
    }
    return cells;
  };
  for (const std::size_t layer : costliest_layers(estimate)) {
    table.rows.push_back(row(printable(estimate.layers[layer].workload.name), [layer](const Estimate& each) {
      return each.layers[layer].energy.total.value;
    }));
  }
  const std::size_t memory = costliest_memory(estimate);
  table.rows.push_back(
      row(printable(energy_by_level(estimate)[memory].first),
          [memory](const Estimate& each) { return energy_by_level(each)[memory].second.value; }));
  table.total = row("network", [](const Estimate& each) { return total_energy(each).value; });
  return to_text(table);
}

std::string energy_lines(const Estimate& estimate) {
  const double network = total_energy(estimate).value;
  std::string text = fmt::format("\nenergy   {} MACs", si_figure(network));
  if (estimate.mac_picojoules) {
    text += fmt::format(" = {}", joules(network * *estimate.mac_picojoules));
  }
  if (estimate.static_power) {
    const auto energy = static_energy(estimate);
    text += fmt::format("\nstatic   {} mW ({}): {}, not in the energy above",
                        estimate.static_power->milliwatts, printable(estimate.static_power->name),
                        energy ? joules(energy->value) + " an image" : "no clock is known");
  }
  return text + "\n";
}

}  // namespace

std::string estimate_text(const Estimate& estimate, const std::vector<Lever>& levers) {
  const Totals totals = totals_of(estimate);
  const auto images = static_cast<double>(estimate.batch);
  std::string text = fmt::format("{} on {}, batch {}\n\n", printable(estimate.model),
                                 printable(estimate.accelerator), estimate.batch);
  text += layer_table(estimate, totals);
  text +=
      "\nPer image; energy in 16-bit MACs. shape: filters x channels x rows x columns, gGROUPS /STRIDE "
      "@OUTPUT MAP."
      "\nnonzero: of the weights. comp., wts., in, out: computing, and moving weights, inputs and "
      "outputs.\n\n";
  text += level_table(estimate);
  text += energy_lines(estimate);
  text += fmt::format("MACs     {}, {} ({}) with weight and input non-zero\n",
                      si_figure(totals.macs / images), si_figure(totals.nonzero_macs / images),
                      percentage(ratio(totals.nonzero_macs, totals.macs)));
  text += fmt::format("weights  {}, {} ({}) non-zero\n", si_figure(totals.weights),
                      si_figure(totals.nonzero_weights),
                      percentage(ratio(totals.nonzero_weights, totals.weights)));
  text += fmt::format("cycles   {} for the batch", si_figure(totals.cycles));
  if (estimate.clock_mhz) {
    text +=
        fmt::format(", {:.3g} ms at {} MHz", totals.cycles / *estimate.clock_mhz / 1e3, *estimate.clock_mhz);
  }
  text += "\n";
  if (!estimate.others.empty()) {
    text += other_table(estimate);
  }
  text += nest_table(estimate);
  if (!levers.empty() && !estimate.layers.empty()) {
    text += "\n" + lever_table(estimate, levers);
  }
  return text + notes_text(estimate.notes);
}

}  // namespace mj
