#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "report/compare_report.h"

namespace mj::cli {
namespace {

struct CompareOptions {
  std::vector<std::string> models;
  std::vector<std::string> accelerators{"eyeriss-cvpr17"};
  HardwareOptions hardware;
  DataOptions data;
  bool all_operators = false;
  std::string json;
};

int run_compare(const CompareOptions& options) {
  check_nest_options(options.hardware.nests);
  check_outputs({{"--json", options.json}}, options.models);
  std::vector<Accelerator> accelerators;
  for (const std::string& name : options.accelerators) {
    accelerators.push_back(read_accelerator(name));
  }
  std::vector<Candidate> candidates;
  for (const std::string& name : options.models) {
    const LoadedModel model = load_model(name, options.data, true);
    for (const Accelerator& accelerator : accelerators) {
      Candidate candidate{estimate_model(model, accelerator, options.hardware, nullptr), {}, {}};
      if (options.all_operators) {
        add_other_operators(model, accelerator, options.hardware, candidate.estimate);
      }
      if (model.accuracy) {
        candidate.top1 = model.accuracy->top1;
        candidate.top5 = model.accuracy->top5;
      }
      candidates.push_back(std::move(candidate));
    }
  }
  if (!options.json.empty()) {
    write_output(options.json, compare_json(candidates));
  }
  if (options.json != "-") {
    write_output("-", compare_text(candidates));
  }
  return done;
}

}  // namespace

void add_compare(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand("compare", "Networks, or accelerators, side by side");
  command->add_option("MODEL", options->models, "ONNX files or layer lists")->required();
  command
      ->add_option("--hw", options->accelerators, "Accelerators, by commas: names of mj hw list, YAML files")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str()
      ->type_name("NAME|FILE,...");
  add_workload_options(*command, options->hardware);
  add_nest_options(*command, options->hardware.nests);
  add_data_options(*command, options->data, "Images on which activation zeros and accuracy are measured");
  command->add_flag("--all-ops", options->all_operators, "Also say what the other operators move");
  command->add_option("--json", options->json, "Write JSON to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command->footer(
      "Examples:\n"
      "  mj compare dense.onnx pruned.onnx --batch 4\n"
      "  mj compare net.onnx --hw eyeriss,eyeriss-cvpr17,mine.yaml\n"
      "  mj compare shallow.onnx deep.onnx --data images/ --json -");
  command->callback([options, &chosen] { chosen = [options] { return run_compare(*options); }; });
}

}  // namespace mj::cli
