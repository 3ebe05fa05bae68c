#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "report/front_report.h"
#include "report/prune_report.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_network.h"

namespace mj::cli {
namespace {

constexpr int classes_for_top5 = 100;
constexpr double default_max_drop = 0.01;
constexpr int final_tune_ratio = 4;
constexpr double least_millijoules = 1e-12;
constexpr double most_millijoules = 1e12;
constexpr double default_front_end = 0.4;
constexpr int most_networks = 50;

struct PruneArguments {
  std::string model;
  std::string output;
  HardwareOptions hardware;
  DataOptions data;
  std::string evaluation;
  std::string method{named_methods.front().name};
  std::string order;
  std::string metric;
  std::string max_drop, energy, latency, sparsity;
  double energy_mj = 0;
  double step = PruneOptions().step;
  std::optional<int> rounds, epochs, final_epochs;
  std::optional<double> learning_rate, distillation, damping;
  std::string restore_norm = "l2";
  std::optional<bool> channels, match_variance, compensate;
  std::vector<std::string> keep;
  std::vector<std::string> layers;
  int pareto = 0;
  std::string memory;
  std::string run;
  bool resume = false;
  std::string json;
  std::vector<std::string> command_line;
};

/// A share of what the dense network takes.
double parse_budget(const std::string& text, const std::string& option) {
  const double share = parse_share(text, option);
  if (share <= 0) {
    throw CLI::ValidationError(option, fmt::format("'{}' is what no network takes; write more than 0", text));
  }
  return share;
}

PruneTarget parse_target(const PruneArguments& arguments, const Accelerator& accelerator) {
  PruneTarget target;
  if (!arguments.energy.empty()) {
    target.energy_share = parse_budget(arguments.energy, "--energy");
  }
  if (arguments.energy_mj > 0) {
    if (!accelerator.mac_picojoules) {
      throw InputError(accelerator.file, "mac.pj", "is not given, so that millijoules mean nothing",
                       "give --energy in per cent, or an accelerator whose MAC has picojoules");
    }
    target.energy = arguments.energy_mj * 1e9 / *accelerator.mac_picojoules;
  }
  if (!arguments.latency.empty()) {
    target.cycles_share = parse_budget(arguments.latency, "--latency");
  }
  if (!arguments.sparsity.empty()) {
    target.sparsity = parse_share(arguments.sparsity, "--sparsity");
  }
  if (!arguments.max_drop.empty()) {
    target.max_drop = parse_share(arguments.max_drop, "--max-drop");
  } else if (!has_budget(target)) {
    target.max_drop = default_max_drop;
  }
  return target;
}

/// "fire*/squeeze1x1=max:70%".
LayerLimit parse_limit(const std::string& text) {
  constexpr std::string_view separator = "=max:";
  const std::size_t at = text.rfind(separator);
  if (at == std::string::npos || at == 0 || at + separator.size() == text.size()) {
    throw CLI::ValidationError("--layer", fmt::format("'{}' is no limit; write PATTERN=max:70%", text));
  }
  return {text.substr(0, at), parse_share(text.substr(at + separator.size()), "--layer")};
}

std::vector<LayerLimit> parse_limits(const PruneArguments& arguments) {
  std::vector<LayerLimit> limits;
  for (const std::string& pattern : arguments.keep) {
    limits.push_back({pattern, 0});
  }
  for (const std::string& text : arguments.layers) {
    limits.push_back(parse_limit(text));
  }
  return limits;
}

/// The class scores that the network gives for one image; 0 where its output's shape is unknown.
int64_t class_count(const Network& network) {
  if (network.outputs.size() != 1) {
    return 0;
  }
  const auto shape = network.shapes.find(network.outputs[0].name);
  return shape == network.shapes.end() ? 0 : element_count(shape->second);
}

Network read_dense(const PruneArguments& arguments) {
  Network network = read_onnx(arguments.model);
  for (const MacLayer& layer : network.layers) {
    if (layer.layout != WeightLayout::none && !has_weights(network, layer)) {
      throw InputError(arguments.model, layer.name, "has no weight values",
                       "give a model with its trained weights; `mj estimate` also takes models without");
    }
  }
  if (network.layers.empty()) {
    throw InputError(arguments.model, "", "has no convolution or matrix product",
                     "there is nothing to prune");
  }
  check_finite_weights(network);
  return network;
}

/// What the bytes of the result depend on, for --resume; names of files and folders are left out.
std::map<std::string, std::string> run_options(const PruneArguments& arguments, const PruneJob& job,
                                               const std::string& preprocess) {
  const PruneOptions& options = job.options;
  const auto number = [](double value) { return fmt::format("{}", value); };
  const auto optional = [&](const std::optional<double>& value) { return value ? number(*value) : "none"; };
  uint64_t labels = 0;
  for (const int label : job.calibration.labels) {
    labels = derive_seed(labels, static_cast<uint64_t>(label));
  }
  std::string limits;
  for (const LayerLimit& limit : options.limits) {
    limits += fmt::format("{}={} ", limit.pattern, limit.most_zeros);
  }
  return {{"version", MJ_VERSION},
          {"model", fmt::format("{:016x}", fingerprint(read_file(arguments.model)))},
          {"data", fmt::format("{} images, labels {:016x}", job.calibration.size, labels)},
          {"preprocess", fmt::format("{:016x}", fingerprint(preprocess))},
          {"accelerator", job.setting.accelerator.name},
          {"method", arguments.method},
          {"order", options.order == LayerOrder::graph ? "graph" : "energy"},
          {"metric", options.metric == Metric::top1 ? "top1" : "top5"},
          {"energy", optional(options.target.energy_share)},
          {"energy in MACs", optional(options.target.energy)},
          {"latency", optional(options.target.cycles_share)},
          {"sparsity", optional(options.target.sparsity)},
          {"max-drop", optional(options.target.max_drop)},
          {"layer limits", limits.empty() ? "none" : limits},
          {"batch", number(static_cast<double>(options.batch))},
          {"weight-bits", number(options.weight_bits)},
          {"activation-bits", number(options.activation_bits)},
          {"seed", fmt::format("{}", options.seed)},
          {"rounds", number(options.rounds)},
          {"step", number(options.step)},
          {"fine-tune", number(options.epochs)},
          {"final-tune", number(options.final_epochs)},
          {"learning-rate", number(options.training.learning_rate)},
          {"distillation", number(options.training.distillation)},
          {"restore-norm", arguments.restore_norm},
          {"channels", options.channels ? "yes" : "no"},
          {"match-variance", options.recipe.match_variance ? "yes" : "no"},
          {"compensate", options.recipe.compensate ? "yes" : "no"},
          {"damping", optional(options.recipe.damping)}};
}

void record(Network& network, const PruneResult& result, const std::string& preprocess) {
  network.metadata["millijoule.version"] = MJ_VERSION;
  network.metadata["millijoule.method"] = result.method;
  network.metadata["millijoule.accelerator"] = result.accelerator;
  network.metadata["millijoule.batch"] = fmt::format("{}", result.batch);
  network.metadata["millijoule.energy_before"] = fmt::format("{}", result.before.energy);
  network.metadata["millijoule.energy_after"] = fmt::format("{}", result.after.energy);
  network.metadata["millijoule.preprocess"] = preprocess;
}

std::string shell_quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

std::string resume_command(const PruneArguments& arguments) {
  std::string command;
  for (const std::string& word : arguments.command_line) {
    const bool plain = word.find_first_of(" \t'\"\\$*?;&|<>()") == std::string::npos;
    command += (command.empty() ? "" : " ") + (plain ? word : shell_quoted(word));
  }
  return arguments.resume ? command : command + " --resume";
}

/// The method's defaults where the command line says nothing else.
PruneOptions method_options(const PruneArguments& arguments, const NetworkInputs& calibration) {
  PruneOptions options =
      default_options(method_named(arguments.method), calibration.size, !calibration.labels.empty());
  options.step = arguments.step;
  if (arguments.damping) {
    options.recipe.damping = arguments.damping;
  }
  options.recipe.match_variance = arguments.match_variance.value_or(options.recipe.match_variance);
  options.recipe.compensate = arguments.compensate.value_or(options.recipe.compensate);
  options.channels = arguments.channels.value_or(options.channels);
  if (!arguments.order.empty()) {
    options.order = arguments.order == "graph" ? LayerOrder::graph : LayerOrder::energy;
  }
  options.rounds = arguments.rounds.value_or(options.rounds);
  if (arguments.epochs) {
    options.epochs = *arguments.epochs;
    options.final_epochs = final_tune_ratio * *arguments.epochs;
  }
  options.final_epochs = arguments.final_epochs.value_or(options.final_epochs);
  options.training.learning_rate = arguments.learning_rate.value_or(options.training.learning_rate);
  if (arguments.distillation && !calibration.labels.empty()) {
    options.training.distillation = *arguments.distillation;
    options.training.mix = options.training.mix && *arguments.distillation == 1;
  }
  return options;
}

PruneJob make_job(const PruneArguments& arguments, const std::string& preprocess_named,
                  std::string& preprocess_yaml) {
  PruneJob job;
  job.network = read_dense(arguments);
  job.setting.accelerator = read_accelerator(arguments.hardware.accelerator);
  job.setting.workload = workload_options(arguments.hardware, job.setting.accelerator);
  const PruneTarget target = parse_target(arguments, job.setting.accelerator);
  const std::vector<LayerLimit> limits = parse_limits(arguments);
  const std::optional<double> memory =
      arguments.memory.empty() ? std::nullopt : std::optional(parse_bytes(arguments.memory, "--memory"));
  const Preprocess preprocess = find_preprocess(job.network, preprocess_named);
  preprocess_yaml = preprocess_text(preprocess);
  job.calibration = open_inputs(job.network, arguments.data.dataset, arguments.data.images,
                                arguments.data.seed, preprocess);
  job.calibration_name = arguments.data.dataset;
  job.options = method_options(arguments, job.calibration);
  PruneOptions& options = job.options;
  options.target = target;
  options.limits = limits;
  options.memory = memory;
  options.batch = job.setting.workload.batch;
  for (int* bits : {&job.setting.workload.weight_bits, &job.setting.workload.activation_bits}) {
    *bits = *bits > 0 ? *bits : job.setting.accelerator.word_bits;
  }
  options.weight_bits = job.setting.workload.weight_bits;
  options.activation_bits = job.setting.workload.activation_bits;
  options.seed = arguments.data.seed;
  options.recipe.restore.norm = arguments.restore_norm == "l1" ? ErrorNorm::l1 : ErrorNorm::l2;
  const bool many_classes = class_count(job.network) >= classes_for_top5;
  options.metric = arguments.metric.empty()     ? (many_classes ? Metric::top5 : Metric::top1)
                   : arguments.metric == "top5" ? Metric::top5
                                                : Metric::top1;
  if (!arguments.evaluation.empty()) {
    job.evaluation = open_inputs(job.network, arguments.evaluation, 0, arguments.data.seed, preprocess);
    job.evaluation_name = arguments.evaluation;
  }
  return job;
}

void say_missed(const PruneOutcome& outcome) {
  fmt::print(stderr, "mj: the target cannot be reached: {}; the best network found is {}\n",
             outcome.shortfall, outcome.result.output);
}

void write_network(PruneOutcome& outcome, const std::string& output, const RunFolder* run,
                   const std::string& preprocess) {
  record(outcome.network, outcome.result, preprocess);
  outcome.result.output = output;
  write_onnx(outcome.network, output);
  if (run != nullptr) {
    run->write("result.json", prune_json(outcome.result));
  }
}

int finish(PruneOutcome& outcome, const PruneArguments& arguments, const RunFolder* run,
           const std::string& preprocess) {
  write_network(outcome, arguments.output, run, preprocess);
  if (!arguments.json.empty()) {
    write_output(arguments.json, prune_json(outcome.result));
  }
  if (arguments.json != "-") {
    write_output("-", prune_text(outcome.result));
  }
  if (!outcome.reached) {
    say_missed(outcome);
    return target_missed;
  }
  return done;
}

/// "small.onnx" to "small-70.onnx", "small-front.svg".
std::string beside(const std::string& output, const std::string& suffix) {
  const std::filesystem::path path(output);
  return (path.parent_path() / (path.stem().string() + "-" + suffix)).string();
}

/// The least is what --energy says.
std::vector<double> front_budgets(const PruneArguments& arguments, const PruneJob& job) {
  const double least = job.options.target.energy_share.value_or(default_front_end);
  std::vector<double> budgets;
  for (int i = 1; i <= arguments.pareto; ++i) {
    budgets.push_back(1 - (1 - least) * i / arguments.pareto);
  }
  return budgets;
}

std::string percent_name(double share) {
  return fmt::format("{:.4g}", 100 * share);
}

/// Whether there is a gnuplot that drew it.
bool draw_front(const std::vector<FrontNetwork>& networks, const std::string& file) {
  const std::filesystem::path unfinished = file + ".drawing";
  std::FILE* gnuplot =
      ::popen(fmt::format("gnuplot 2> /dev/null > {}", shell_quoted(unfinished)).c_str(), "w");
  if (gnuplot == nullptr) {
    return false;
  }
  const std::string commands = front_plot(networks);
  std::fwrite(commands.data(), 1, commands.size(), gnuplot);
  const bool drawn = ::pclose(gnuplot) == 0;
  if (drawn) {
    write_file_atomically(file, read_file(unfinished));
  }
  std::error_code ignored;
  std::filesystem::remove(unfinished, ignored);
  return drawn;
}

int run_front(const PruneArguments& arguments, PruneJob job, const std::string& preprocess,
              const ProgressCallback& progress, const std::stop_token& stop) {
  std::vector<FrontNetwork> networks;
  bool reached = true;
  const std::vector<double> budgets = front_budgets(arguments, job);
  job.options.target.max_drop.reset();
  FrontMember member;
  if (!arguments.run.empty()) {
    member.open_run = [&](const PruneJob& each) {
      const auto folder =
          std::filesystem::path(arguments.run) / percent_name(*each.options.target.energy_share);
      return std::make_unique<RunFolder>(folder, run_options(arguments, each, preprocess), arguments.resume);
    };
  }
  member.finish = [&](PruneOutcome outcome, double share, const RunFolder* run) {
    write_network(outcome, beside(arguments.output, percent_name(share) + ".onnx"), run, preprocess);
    reached = reached && outcome.reached;
    if (!outcome.reached) {
      say_missed(outcome);
    }
    networks.push_back({share, std::move(outcome.result)});
  };
  prune_front(std::move(job), budgets, member, progress, stop);
  write_file_atomically(beside(arguments.output, "front.csv"), front_csv(networks));
  if (!draw_front(networks, beside(arguments.output, "front.svg"))) {
    fmt::print(stderr, "mj: no picture of the front, as there is no gnuplot (Debian: gnuplot-nox)\n");
  }
  if (!arguments.json.empty()) {
    write_output(arguments.json, front_json(networks));
  }
  if (arguments.json != "-") {
    write_output("-", front_text(networks));
  }
  return reached ? done : target_missed;
}

int run_one(const PruneArguments& arguments, const PruneJob& job, const std::string& preprocess,
            const ProgressCallback& progress, const std::stop_token& stop) {
  check_job(job);
  std::unique_ptr<RunFolder> run;
  if (!arguments.run.empty()) {
    run =
        std::make_unique<RunFolder>(arguments.run, run_options(arguments, job, preprocess), arguments.resume);
  }
  PruneOutcome outcome = prune_network(job, run.get(), progress, stop);
  return finish(outcome, arguments, run.get(), preprocess);
}

int run_prune(const PruneArguments& arguments) {
  const auto stop = stop_on_signals();
  check_writable(arguments.output);
  if (!arguments.json.empty() && arguments.json != "-") {
    check_writable(arguments.json);
  }
  std::string preprocess;
  PruneJob job = make_job(arguments, arguments.data.preprocess, preprocess);
  try {
    ProgressPrinter printer(false);
    return arguments.pareto > 0 ? run_front(arguments, std::move(job), preprocess, printer.callback(), stop)
                                : run_one(arguments, job, preprocess, printer.callback(), stop);
  } catch (const Interrupted&) {
    if (arguments.run.empty()) {
      fmt::print(stderr, "mj: interrupted; {} (--run DIR keeps what is finished)\n",
                 arguments.pareto > 0 ? "networks that were finished are written" : "nothing was written");
    } else {
      fmt::print(stderr, "mj: interrupted; finished layers and epochs are in {}; go on with\n  {}\n",
                 arguments.run, resume_command(arguments));
    }
    return interrupted;
  }
}

void add_target_options(CLI::App& command, PruneArguments& arguments) {
  command
      .add_option("--max-drop", arguments.max_drop,
                  "Accuracy that may be lost on the images held back (default 1% when there is no budget)")
      ->type_name("SHARE");
  auto* energy =
      command.add_option("--energy", arguments.energy, "Energy to reach, as a share of the dense network's")
          ->type_name("SHARE");
  auto* millijoules =
      command.add_option("--energy-mj", arguments.energy_mj, "Energy of one image to reach, in millijoules")
          ->check(number_from(least_millijoules, most_millijoules))
          ->type_name("X")
          ->excludes(energy);
  auto* latency =
      command
          .add_option("--latency", arguments.latency, "Cycles to reach, as a share of the dense network's")
          ->type_name("SHARE")
          ->excludes(energy)
          ->excludes(millijoules);
  command.add_option("--sparsity", arguments.sparsity, "Zeros to reach among the weights of MAC layers")
      ->type_name("SHARE")
      ->excludes(energy)
      ->excludes(millijoules)
      ->excludes(latency);
  command
      .add_option("--pareto", arguments.pareto,
                  "Write N networks instead of one, their energies in equal steps down to --energy (default "
                  "40%): OUT-70.onnx and so on, with OUT-front.csv and OUT-front.svg")
      ->check(whole_number_from(1, most_networks))
      ->type_name("N")
      ->excludes("--energy-mj")
      ->excludes("--latency")
      ->excludes("--sparsity")
      ->excludes("--max-drop");
  command
      .add_option("--metric", arguments.metric,
                  "What --max-drop counts (default top1; top5 from 100 classes on)")
      ->check(CLI::IsMember({"top1", "top5"}));
}

void add_limit_options(CLI::App& command, PruneArguments& arguments) {
  command
      .add_option("--keep", arguments.keep,
                  "Layers that lose no weight: a name, or a pattern with * and ?; may be repeated")
      ->allow_extra_args(false)
      ->type_name("PATTERN");
  command
      .add_option("--layer", arguments.layers,
                  "The most zeros that layers may get, as in 'fire*/squeeze1x1=max:70%'; may be repeated")
      ->allow_extra_args(false)
      ->type_name("PATTERN=max:SHARE");
}

/// --NAME and --no-NAME; neither leaves the method's default.
void add_switch(CLI::App& command, const std::string& name, std::optional<bool>& value,
                const std::string& description) {
  auto* yes = command.add_flag_callback(
      "--" + name, [&value] { value = true; }, description);
  command
      .add_flag_callback(
          "--no-" + name, [&value] { value = false; }, "The opposite")
      ->excludes(yes);
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const NamedMethod& method : named_methods) {
    names.emplace_back(method.name);
  }
  return names;
}

void add_method_options(CLI::App& command, PruneArguments& arguments) {
  command
      .add_option("--method", arguments.method,
                  "How weights are chosen; auto: exact-obs or admm, by the layer's size")
      ->check(CLI::IsMember(method_names()))
      ->capture_default_str();
  command
      .add_option(
          "--order", arguments.order,
          "Layers from the most expensive on (default of energy-aware), or from the input on (of auto)")
      ->check(CLI::IsMember({"energy", "graph"}));
  command
      .add_option("--fine-tune", arguments.epochs,
                  "Epochs of back-propagation after a round; 0: no gradient step at all (default 1; auto on "
                  "fewer than 20,000 labels: 2)")
      ->check(whole_number_from(0, 100000))
      ->type_name("EPOCHS");
  command
      .add_option("--final-tune", arguments.final_epochs,
                  "Epochs after the last round towards a budget (default: 4 times --fine-tune)")
      ->check(whole_number_from(0, 100000))
      ->type_name("EPOCHS");
  command.add_option("--rounds", arguments.rounds, "Rounds towards a budget (default: auto 1, else 2)")
      ->check(whole_number_from(1, 1000))
      ->type_name("N");
  command
      .add_option("--step", arguments.step,
                  "Of energy-aware and magnitude without a budget: share of the energy that a round removes")
      ->check(number_from(0.001, 0.9))
      ->capture_default_str();
  command
      .add_option(
          "--learning-rate", arguments.learning_rate,
          "Of fine-tuning, at the start of a round (default 0.002; on fewer than 20,000 labels 0.001)")
      ->check(number_from(1e-9, 10))
      ->type_name("X");
  command
      .add_option("--distillation", arguments.distillation,
                  "Weight of the dense network's outputs in fine-tuning; the labels have the rest (default "
                  "0.7; on fewer than 20,000 labels 1)")
      ->check(number_from(0, 1))
      ->type_name("SHARE");
  add_switch(command, "channels", arguments.channels,
             "Whole channels may go towards an energy, so that the network gets smaller (default of auto)");
  add_switch(
      command, "match-variance", arguments.match_variance,
      "Every output channel is scaled to the variance that the dense network gives it (default of auto)");
  add_switch(command, "compensate", arguments.compensate,
             "A layer makes good what is missing in the value that its output is added to (default of auto)");
  command.add_option("--restore-norm", arguments.restore_norm, "Norm of the output's error in that choice")
      ->check(CLI::IsMember({"l1", "l2"}))
      ->capture_default_str();
  command
      .add_option("--damping", arguments.damping,
                  "Of the refit, as a share of the Gram matrix's mean diagonal (default: auto 0.001, or "
                  "found on held-out samples where those are few; else 0.003)")
      ->check(number_from(0, 1e3))
      ->type_name("X");
}

}  // namespace

void add_prune(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  auto arguments = std::make_shared<PruneArguments>();
  arguments->command_line = command_line;
  CLI::App* command =
      app.add_subcommand("prune", "Remove the weights that cost most energy and matter least");
  command->add_option("MODEL", arguments->model, "ONNX file with trained weights")->required();
  command->add_option("-o,--output", arguments->output, "Where the pruned network goes")
      ->required()
      ->type_name("OUT.onnx");
  command
      ->add_option("--data", arguments->data.dataset,
                   "Images to learn from; the last of them are held back to decide when to stop")
      ->required()
      ->type_name("DATASET");
  command
      ->add_option("--eval", arguments->evaluation, "Images for the final accuracy, touched once at the end")
      ->type_name("DATASET");
  command
      ->add_option("--images", arguments->data.images, "Draw N images of --data by the seed (default: all)")
      ->check(whole_number_from(1))
      ->type_name("N");
  command->add_option("--seed", arguments->data.seed, "The same seed gives the same file")
      ->check(whole_number_from(0))
      ->capture_default_str();
  add_preprocess_option(*command, arguments->data);
  add_hardware_options(*command, arguments->hardware);
  add_target_options(*command, *arguments);
  add_limit_options(*command, *arguments);
  add_method_options(*command, *arguments);
  command
      ->add_option("--memory", arguments->memory,
                   "Memory that the run may take, as in 4GB; less is slower and changes no result")
      ->type_name("BYTES");
  command
      ->add_option("--run", arguments->run,
                   "Folder that keeps finished layers and epochs, the log and the result")
      ->type_name("DIR");
  command->add_flag("--resume", arguments->resume, "Go on with the run in --run")->needs("--run");
  command->add_option("--json", arguments->json, "Write JSON to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command->footer(
      "Examples:\n"
      "  mj prune net.onnx -o small.onnx --data fashion-mnist:train --eval fashion-mnist:test\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 50% --fine-tune 0 --run run1\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 50% --fine-tune 0 --run run1 --resume\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 40% --pareto 6");
  command->callback([arguments, &chosen] { chosen = [arguments] { return run_prune(*arguments); }; });
}

}  // namespace mj::cli
