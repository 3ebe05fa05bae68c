#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "report/eval_report.h"
#include "runtime/classifier.h"
#include "runtime/runtime.h"

namespace mj::cli {
namespace {

struct EvalOptions {
  std::string model;
  DataOptions data;
  std::string json;
};

int run_eval(const EvalOptions& options) {
  const auto stop = stop_on_signals();
  const auto start = std::chrono::steady_clock::now();
  check_outputs({{"--json", options.json}}, {options.model});
  const Network network = read_onnx(options.model);
  check_finite_weights(network);
  const NetworkInputs inputs =
      open_inputs(network, options.data.dataset, options.data.images, options.data.seed,
                  find_preprocess(network, options.data.preprocess));
  check_labelled(network, inputs, options.data.dataset);
  const auto session = open_session(network, {});
  Accuracy accuracy;
  {
    ProgressPrinter printer(false);
    accuracy = session->evaluate(inputs, printer.callback(), stop);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const EvalReport report{options.model, options.data.dataset, accuracy.images,
                          accuracy.top1, accuracy.top5,        elapsed.count()};
  if (!options.json.empty()) {
    write_output(options.json, eval_json(report));
  }
  if (options.json != "-") {
    write_output("-", eval_text(report));
  }
  return done;
}

}  // namespace

void add_eval(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "Accuracy of a network on labelled images");
  command->add_option("MODEL", options->model, "ONNX file")->required();
  add_data_options(*command, options->data, "Labelled images")->required();
  command->add_option("--json", options->json, "Write JSON to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command->footer(
      "Examples:\n"
      "  mj eval net.onnx --data fashion-mnist:test\n"
      "  mj eval squeezenet.onnx --data images/ --preprocess imagenet-caffe --json -");
  command->callback([options, &chosen] { chosen = [options] { return run_eval(*options); }; });
}

}  // namespace mj::cli
