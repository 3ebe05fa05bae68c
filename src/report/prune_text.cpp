#include <fmt/format.h>

#include <cmath>

#include "report/figures.h"
#include "report/prune_report.h"
#include "report/text_table.h"

namespace mj {
namespace {

/// Relative errors span decades: two digits.
std::string error_text(double error) {
  return std::isfinite(error) ? fmt::format("{:.2g}", error) : "-";
}

std::string channels_text(const PrunedLayer& layer) {
  return layer.channels_after == layer.channels_before
             ? fmt::format("{}", layer.channels_before)
             : fmt::format("{} of {}", layer.channels_after, layer.channels_before);
}

std::string layer_table(const PruneResult& result) {
  TextTable table;
  table.columns = {{"layer", Align::left}, {"channels"}, {"weights"},     {"after"}, {"energy"}, {"after"},
                   {"of before"},          {"saving"},   {"output error"}};
  double before = 0;
  double after = 0;
  for (const PrunedLayer& layer : result.layers) {
    before += layer.energy_before;
    after += layer.energy_after;
  }
  for (const PrunedLayer& layer : result.layers) {
    table.rows.push_back({printable(layer.name), channels_text(layer), percentage(layer.density_before),
                          percentage(layer.density_after), si_figure(layer.energy_before),
                          si_figure(layer.energy_after),
                          percentage(ratio(layer.energy_after, layer.energy_before)),
                          percentage(ratio(layer.energy_before - layer.energy_after, before - after)),
                          error_text(layer.output_error)});
  }
  table.total = {"total",
                 "",
                 "",
                 "",
                 si_figure(before),
                 si_figure(after),
                 percentage(ratio(after, before)),
                 percentage(ratio(before - after, before - after)),
                 ""};
  return to_text(table);
}

/// "1.2 G -> 512.0 M (41.2% of before)"
std::string change(double before, double after) {
  return fmt::format("{} -> {} ({} of before)", si_figure(before), si_figure(after),
                     percentage(ratio(after, before)));
}

std::string accuracy_line(const char* name, const std::optional<double>& before,
                          const std::optional<double>& after) {
  if (!before || !after) {
    return {};
  }
  return fmt::format("{}    {} -> {} ({:+.1f} points)\n", name, percentage(*before), percentage(*after),
                     100 * (*after - *before));
}

std::string accuracy_lines(const PruneResult& result) {
  const std::string lines = accuracy_line("top-1", result.before.top1, result.after.top1) +
                            accuracy_line("top-5", result.before.top5, result.after.top5);
  if (lines.empty()) {
    return "accuracy unknown: the images have no labels\n";
  }
  return lines + (result.accuracy_on.empty()
                      ? std::string()
                      : fmt::format("         on {}\n", printable(result.accuracy_on)));
}

}  // namespace

std::string prune_text(const PruneResult& result) {
  std::string text =
      fmt::format("{} pruned by {} on {}, batch {}, seed {}\n\n", printable(result.model),
                  printable(result.method), printable(result.accelerator), result.batch, result.seed);
  text += layer_table(result);
  text +=
      "\nPer image; energy in 16-bit MACs. channels: what a layer gives. weights: non-zero ones before and "
      "after. saving: share of the whole.\n\n";
  text += fmt::format("energy   {}", change(result.before.energy, result.after.energy));
  if (result.before.energy_pj && result.after.energy_pj) {
    text += fmt::format(", {} -> {}", joules(*result.before.energy_pj), joules(*result.after.energy_pj));
  }
  text += fmt::format("\nweights  {} non-zero\n",
                      change(result.before.nonzero_weights, result.after.nonzero_weights));
  const auto batch = static_cast<double>(result.batch);
  text += fmt::format("MACs     {} with weight and input non-zero\n",
                      change(result.before.nonzero_macs / batch, result.after.nonzero_macs / batch));
  text += fmt::format("cycles   {}\n", change(result.before.cycles, result.after.cycles));
  text += accuracy_lines(result);
  text += fmt::format("stopped  by {} after {} step{}, {}\n", printable(result.stopped_by),
                      result.history.size(), result.history.size() == 1 ? "" : "s", duration(result.seconds));
  text += fmt::format("written  {}\n", printable(result.output));
  return text + notes_text(result.notes);
}

}  // namespace mj
