#include "report/nest_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/figures.h"
#include "report/text_table.h"

namespace mj {
namespace {

/// How far the layer's mapping may be from the optimum: "proven", or in per cent.
std::string gap(const NestEstimate& nest) {
  if (nest.bound <= 0 || nest.value <= nest.bound * (1 + 1e-9)) {
    return "proven";
  }
  return fmt::format("{:.3g} %", 100 * (nest.value / nest.bound - 1));
}

}  // namespace

std::string nest_table(const Estimate& estimate) {
  const auto has_nest = [](const LayerEstimate& layer) { return layer.nest.has_value(); };
  if (std::none_of(estimate.layers.begin(), estimate.layers.end(), has_nest)) {
    return "";
  }
  TextTable table;
  table.columns = {{"layer", Align::left}, {"cycles"}, {"util."}, {"limited by", Align::left}, {"optimum"}};
  std::string nests;
  for (const LayerEstimate& layer : estimate.layers) {
    const NestEstimate& nest = *layer.nest;
    table.rows.push_back({printable(layer.workload.name), si_figure(layer.counts.cycles.value),
                          percentage(layer.counts.utilization), printable(nest.limited_by), gap(nest)});
    nests += fmt::format("{}: {}\n", printable(layer.workload.name), printable(nest_line(nest.nest)));
  }
  return "\n" + to_text(table) +
         fmt::format("Least {}. optimum: proven, or how far above its bound the mapping is.\n\n{}",
                     name_of(estimate.nests.objective), nests);
}

}  // namespace mj
