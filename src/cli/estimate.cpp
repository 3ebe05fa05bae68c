#include "search/estimate.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "report/estimate_report.h"
#include "search/levers.h"

namespace mj::cli {
namespace {

struct EstimateOptions {
  std::string model;
  HardwareOptions hardware;
  DataOptions data;
  std::string mapping;
  std::string save_mapping;
  bool all_operators = false;
  bool static_power = false;
  std::string json;
  std::string csv;
};

void save_mapping(const Estimate& result, const std::string& file) {
  MappingFile mappings{file, result.accelerator, {}, {}};
  for (const LayerEstimate& layer : result.layers) {
    if (layer.nest) {
      mappings.nests[layer.workload.name] = layer.nest->nest;
    } else {
      mappings.layers[layer.workload.name] = layer.mapping;
    }
  }
  write_output(file, mapping_file_text(mappings));
}

/// What was asked for beyond the layers' own energy.
void add_extras(const EstimateOptions& options, const LoadedModel& model, const Accelerator& accelerator,
                Estimate& result) {
  if (options.all_operators) {
    add_other_operators(model, accelerator, options.hardware, result);
  } else if (model.network && model.network->nodes.size() > model.network->layers.size()) {
    result.notes.emplace_back("operators that are no MAC layers were not priced; --all-ops lists them");
  }
  if (options.static_power) {
    if (!accelerator.static_power) {
      throw InputError(accelerator.file, "", "has no `static_power`", "leave --static-power out, or add it");
    }
    result.static_power = accelerator.static_power;
  }
}

int run_estimate(const EstimateOptions& options) {
  check_nest_options(options.hardware.nests);
  check_outputs({{"--save-mapping", options.save_mapping}, {"--json", options.json}, {"--csv", options.csv}},
                {options.model});
  const Accelerator accelerator = read_accelerator(options.hardware.accelerator);
  std::optional<MappingFile> mappings;
  if (!options.mapping.empty()) {
    mappings = read_mapping_file(options.mapping);
  }
  const LoadedModel model = load_model(options.model, options.data, false);
  Estimate result = estimate_model(model, accelerator, options.hardware, mappings ? &*mappings : nullptr);
  if (mappings) {
    result.notes.push_back("mappings of " + options.mapping + " were used; the other layers have their best");
  }
  add_extras(options, model, accelerator, result);
  const std::vector<Lever> levers = try_levers(result, accelerator);
  if (!options.save_mapping.empty()) {
    save_mapping(result, options.save_mapping);
  }
  if (!options.json.empty()) {
    write_output(options.json, estimate_json(result, levers));
  }
  if (!options.csv.empty()) {
    write_output(options.csv, estimate_csv(result));
  }
  if (options.json != "-" && options.csv != "-") {
    write_output("-", estimate_text(result, levers));
  }
  return done;
}

}  // namespace

void add_estimate(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EstimateOptions>();
  CLI::App* command = app.add_subcommand("estimate", "Where a network's energy goes on an accelerator");
  command->add_option("MODEL", options->model, "ONNX file, or a layer list: 25-field CSV or YAML")
      ->required();
  add_hardware_options(*command, options->hardware);
  add_nest_options(*command, options->hardware.nests);
  add_data_options(*command, options->data, "Images on which activation zeros are measured");
  command->add_option("--mapping", options->mapping, "Price the mappings of a YAML file")->type_name("FILE");
  command->add_option("--save-mapping", options->save_mapping, "Write the mappings that were used")
      ->type_name("FILE");
  command->add_flag("--all-ops", options->all_operators, "Also list what the other operators move");
  command->add_flag("--static-power", options->static_power,
                    "Also say what the accelerator's static power costs, apart from the energy");
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
