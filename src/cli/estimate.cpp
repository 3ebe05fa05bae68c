#include "search/estimate.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "network/weights.h"
#include "onnx/layer_csv.h"
#include "onnx/onnx_file.h"
#include "report/estimate_report.h"
#include "runtime/runtime.h"

namespace mj::cli {
namespace {

struct EstimateOptions {
  std::string model;
  HardwareOptions hardware;
  DataOptions data;
  std::string mapping;
  std::string save_mapping;
  std::string json;
  std::string csv;
};

bool is_csv(const std::string& model) {
  return model.ends_with(".csv") || model.ends_with(".CSV") || model.ends_with(".txt");
}

ActivationStats measure(const Network& network, const DataOptions& data) {
  const NetworkInputs inputs =
      open_inputs(network, data.dataset, data.images, data.seed, find_preprocess(network, data.preprocess));
  const auto session = open_session(network, {});
  ProgressPrinter printer(false);
  return session->measure_activations(inputs, printer.callback(), stop_on_signals());
}

LayerList network_layers(const EstimateOptions& options, const Accelerator& accelerator,
                         std::vector<std::string>& notes) {
  const Network network = read_onnx(options.model);
  check_finite_weights(network);
  std::optional<ActivationStats> stats;
  if (options.data.dataset.empty()) {
    notes.emplace_back("activations were taken as dense; --data DATASET measures their zeros on real images");
  } else {
    stats = measure(network, options.data);
  }
  for (const MacLayer& layer : network.layers) {
    if (!has_weights(network, layer)) {
      notes.emplace_back(layer.name + ": its weights have no values in the file and were taken as dense");
    }
  }
  const WorkloadOptions workload = workload_options(options.hardware, accelerator);
  return {make_workloads(network, stats ? &*stats : nullptr, workload), workload.batch};
}

LayerList csv_layers(const EstimateOptions& options) {
  if (!options.data.dataset.empty()) {
    throw InputError(options.model, "", "is a layer list, which cannot run on images", "leave --data out");
  }
  LayerList layers = read_layer_csv(options.model, options.hardware.batch);
  const HardwareOptions& hardware = options.hardware;
  for (Workload& workload : layers.workloads) {
    workload.weight_bits = hardware.weight_bits > 0 ? hardware.weight_bits
                           : hardware.bits > 0      ? hardware.bits
                                                    : workload.weight_bits;
    workload.activation_bits = hardware.activation_bits > 0 ? hardware.activation_bits
                               : hardware.bits > 0          ? hardware.bits
                                                            : workload.activation_bits;
  }
  return layers;
}

void save_mapping(const Estimate& result, const std::string& file) {
  MappingFile mappings{file, result.accelerator, {}};
  for (const LayerEstimate& layer : result.layers) {
    mappings.layers[layer.workload.name] = layer.mapping;
  }
  write_output(file, mapping_file_text(mappings));
}

int run_estimate(const EstimateOptions& options) {
  const Accelerator accelerator = read_accelerator(options.hardware.accelerator);
  std::optional<MappingFile> mappings;
  if (!options.mapping.empty()) {
    mappings = read_mapping_file(options.mapping);
  }
  std::vector<std::string> notes;
  const LayerList layers =
      is_csv(options.model) ? csv_layers(options) : network_layers(options, accelerator, notes);
  Estimate result = estimate(layers.workloads, accelerator, layers.batch, mappings ? &*mappings : nullptr);
  result.model = options.model;
  result.notes.insert(result.notes.begin(), notes.begin(), notes.end());
  if (!options.save_mapping.empty()) {
    save_mapping(result, options.save_mapping);
  }
  if (!options.json.empty()) {
    write_output(options.json, estimate_json(result));
  }
  if (!options.csv.empty()) {
    write_output(options.csv, estimate_csv(result));
  }
  if (options.json != "-" && options.csv != "-") {
    write_output("-", estimate_text(result));
  }
  return done;
}

}  // namespace

void add_estimate(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EstimateOptions>();
  CLI::App* command = app.add_subcommand("estimate", "Where a network's energy goes on an accelerator");
  command->add_option("MODEL", options->model, "ONNX file, or a layer list in the 25-field CSV")->required();
  add_hardware_options(*command, options->hardware);
  command->add_option("--data", options->data.dataset, "Images on which activation zeros are measured")
      ->type_name("DATASET");
  command->add_option("--images", options->data.images, "Draw N images by the seed (default: all)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--seed", options->data.seed, "Which images are drawn")->capture_default_str();
  add_preprocess_option(*command, options->data);
  command->add_option("--mapping", options->mapping, "Price the mappings of a YAML file")->type_name("FILE");
  command->add_option("--save-mapping", options->save_mapping, "Write the mappings that were used")
      ->type_name("FILE");
  command->add_option("--json", options->json, "Write JSON to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command->add_option("--csv", options->csv, "Write a line a layer to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command->footer(
      "Examples:\n"
      "  mj estimate net.onnx\n"
      "  mj estimate net.onnx --hw eyeriss --batch 4 --data fashion-mnist:train --images 500\n"
      "  mj estimate layers.csv --json - --mapping mine.yaml");
  command->callback([options, &chosen] { chosen = [options] { return run_estimate(*options); }; });
}

}  // namespace mj::cli
