#include <nlohmann/json.hpp>

#include "report/figures.h"
#include "report/prune_report.h"

namespace mj {
namespace {

using Json = nlohmann::ordered_json;

/// Whole numbers are written without a decimal point.
Json whole_or_real(double value) {
  const auto whole = whole_count(value);
  return whole ? Json(*whole) : Json(value);
}

Json known(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json figures(const NetworkFigures& network) {
  return {{"energy", network.energy},
          {"energy_pj", known(network.energy_pj)},
          {"nonzero_weights", whole_or_real(network.nonzero_weights)},
          {"nonzero_macs", whole_or_real(network.nonzero_macs)},
          {"top1", known(network.top1)},
          {"top5", known(network.top5)},
          {"cycles", network.cycles}};
}

Json layer_json(const PrunedLayer& layer) {
  return {{"name", layer.name},
          {"density_before", layer.density_before},
          {"density_after", layer.density_after},
          {"energy_before", layer.energy_before},
          {"energy_after", layer.energy_after},
          {"output_error", layer.output_error},
          {"channels_before", layer.channels_before},
          {"channels_after", layer.channels_after},
          {"solver", layer.solver.empty() ? Json(nullptr) : Json(layer.solver)}};
}

Json step_json(const PruneStep& step) {
  return {{"step", step.step},
          {"energy", step.energy},
          {"top1", known(step.top1)},
          {"top5", known(step.top5)},
          {"kept", step.kept}};
}

}  // namespace

std::string prune_json(const PruneResult& result) {
  Json layers = Json::array();
  for (const PrunedLayer& layer : result.layers) {
    layers.push_back(layer_json(layer));
  }
  Json history = Json::array();
  for (const PruneStep& step : result.history) {
    history.push_back(step_json(step));
  }
  const Json json{{"schema", "millijoule.prune/1"},
                  {"model", result.model},
                  {"output", result.output},
                  {"method", result.method},
                  {"accelerator", result.accelerator},
                  {"batch", result.batch},
                  {"seed", result.seed},
                  {"before", figures(result.before)},
                  {"after", figures(result.after)},
                  {"layers", std::move(layers)},
                  {"history", std::move(history)},
                  {"seconds", result.seconds},
                  {"stopped_by", result.stopped_by},
                  {"notes", result.notes}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mj
