#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/random.h"
#include "cli/prune_arguments.h"
#include "network/dataflow.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "runtime/classifier.h"
#include "runtime/fold_weights.h"
#include "workflow/layer_passes.h"
#include "workflow/prune_context.h"
#include "workflow/prune_goal.h"

namespace mj::cli {
namespace {

constexpr int classes_for_top5 = 100;
constexpr double default_max_drop = 0.01;
constexpr int final_tune_ratio = 4;

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

Network read_dense(const PruneArguments& arguments) {
  Network network = read_onnx(arguments.model);
  fold_computed_weights(network);
  for (const MacLayer& layer : network.layers) {
    if (layer.layout != WeightLayout::none && !has_weights(network, layer)) {
      const Dataflow flow = trace_dataflow(network);
      if (const auto producer = flow.producers.find(layer.weights); producer != flow.producers.end()) {
        throw InputError(arguments.model, layer.name,
                         fmt::format("reads weights that {} computes", place_of(*producer->second)),
                         "weights must be constants or what executable nodes make of some");
      }
      throw InputError(arguments.model, layer.name, "has no weight values",
                       "give a model with its trained weights; `mj estimate` also takes models without");
    }
  }
  if (network.layers.empty()) {
    throw InputError(arguments.model, "", "has no convolution or matrix product",
                     "there is nothing to prune");
  }
  check_finite_weights(network);
  if (count_weights(network).nonzero == 0) {
    throw InputError(arguments.model, "", "has no weight that is not zero", "there is nothing to prune");
  }
  return network;
}

/// What fine-tuning on few images learns from beside the dense network's scores.
void set_lessons(const PruneArguments& arguments, PruneOptions& options) {
  TrainOptions& training = options.training;
  if (!options.on_few_images || training.distillation < 1) {
    for (const auto& [given, name] :
         {std::pair(arguments.mix, "--mix"), std::pair(arguments.feature_maps, "--feature-maps")}) {
      if (given.value_or(false)) {
        throw CLI::ValidationError(name,
                                   "needs fine-tuning by the dense network alone: fewer than 20,000 labels, "
                                   "no --distillation below 1");
      }
    }
    training.mix = false;
    return;
  }
  training.mix = arguments.mix.value_or(training.mix);
  if (arguments.feature_maps) {
    training.feature_weight = *arguments.feature_maps ? 1 : 0;
  }
}

/// Says which options were given that change nothing.
void say_idle_options(const PruneArguments& arguments, const PruneJob& job) {
  const PruneMethod method = job.options.method;
  const bool is_auto = method == PruneMethod::levels;
  const bool is_fitted = method != PruneMethod::magnitude;
  const auto say = [](std::string_view option, const std::string& where) {
    fmt::print(stderr, "mj: {} changes nothing {}\n", option, where);
  };
  const std::string with_method = fmt::format("with --method {}", arguments.method);
  const auto check = [&](bool is_given, std::string_view option, bool has_effect) {
    if (is_given && !has_effect) {
      say(option, with_method);
    }
  };
  check(arguments.couple.value_or(false), "--couple", is_auto);
  const bool wants_channels = arguments.channels.value_or(false);
  check(wants_channels, "--channels", is_auto);
  check(arguments.restore_norm != "l2", "--restore-norm", method == PruneMethod::energy_aware);
  check(arguments.damping.has_value(), "--damping", is_fitted);
  check(arguments.variants.value_or(false), "--variants", is_fitted);
  check(arguments.match_variance.value_or(false), "--match-variance", is_fitted);
  check(arguments.compensate.value_or(false), "--compensate", is_fitted);
  if (wants_channels && is_auto && !may_remove_channels(job)) {
    say("--channels",
        job.options.target.sparsity ? "with --sparsity" : "on an accelerator with a weight pattern");
  }
  if (arguments.distillation.value_or(1) < 1 && job.calibration.labels.empty()) {
    say("--distillation", "without labels");
  }
}

/// The method's defaults where the command line says nothing else.
PruneOptions method_options(const PruneArguments& arguments, const NetworkInputs& calibration,
                            const Network& network) {
  PruneOptions options = default_options(method_named(arguments.method), calibration.size,
                                         !calibration.labels.empty(), pass_cost(network));
  options.step = arguments.step;
  if (arguments.damping) {
    options.recipe.damping = arguments.damping;
  }
  options.recipe.match_variance = arguments.match_variance.value_or(options.recipe.match_variance);
  options.recipe.couple = arguments.couple.value_or(options.recipe.couple);
  options.recipe.vary = arguments.variants.value_or(options.recipe.vary);
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
  }
  set_lessons(arguments, options);
  return options;
}

}  // namespace

PreparedJob prepare_job(const PruneArguments& arguments) {
  PreparedJob prepared;
  PruneJob& job = prepared.job;
  job.network = read_dense(arguments);
  job.setting.accelerator = read_accelerator(arguments.hardware.accelerator);
  job.setting.workload = workload_options(arguments.hardware, job.setting.accelerator);
  const PruneTarget target = parse_target(arguments, job.setting.accelerator);
  const std::vector<LayerLimit> limits = parse_limits(arguments);
  const std::optional<double> memory =
      arguments.memory.empty() ? std::nullopt : std::optional(parse_bytes(arguments.memory, "--memory"));
  const Preprocess preprocess = find_preprocess(job.network, arguments.data.preprocess);
  prepared.preprocess = preprocess_text(preprocess);
  job.calibration = open_inputs(job.network, arguments.data.dataset, arguments.data.images,
                                arguments.data.seed, preprocess);
  job.calibration_name = arguments.data.dataset;
  job.options = method_options(arguments, job.calibration, job.network);
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
  const bool many_classes = job.network.outputs.size() == 1 && class_count(job.network) >= classes_for_top5;
  options.metric = arguments.metric.empty()     ? (many_classes ? Metric::top5 : Metric::top1)
                   : arguments.metric == "top5" ? Metric::top5
                                                : Metric::top1;
  say_idle_options(arguments, job);
  if (!arguments.evaluation.empty()) {
    job.evaluation = open_inputs(job.network, arguments.evaluation, 0, arguments.data.seed, preprocess);
    job.evaluation_name = arguments.evaluation;
  }
  return prepared;
}

std::map<std::string, std::string> run_options(const PruneArguments& arguments, const PruneJob& job,
                                               const std::string& preprocess) {
  const PruneOptions& options = job.options;
  const CalibrationSplit split = split_images(job);
  const auto number = [](double value) { return fmt::format("{}", value); };
  const auto optional = [&](const std::optional<double>& value) { return value ? number(*value) : "none"; };
  uint64_t labels = 0;
  for (const int label : job.calibration.labels) {
    labels = derive_seed(labels, static_cast<uint64_t>(label));
  }
  std::string limits;
  for (const LayerLimit& limit : options.limits) {
    limits += fmt::format("{}{}=max:{}%", limits.empty() ? "" : ", ", limit.pattern, 100 * limit.most_zeros);
  }
  return {{"version", MJ_VERSION},
          {"model", fmt::format("{:016x}", fingerprint(read_file(arguments.model)))},
          {"data", fmt::format("{} images, labels {:016x}", job.calibration.size, labels)},
          {"images held back", fmt::format("{}", split.held_back.size)},
          {"images to fit layers to", fmt::format("{}", split.fit.size)},
          {"preprocess", fmt::format("{:016x}", fingerprint(preprocess))},
          {"accelerator", fmt::format("{} {:016x}", job.setting.accelerator.name,
                                      fingerprint(accelerator_text(arguments.hardware.accelerator)))},
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
          {"couple", options.recipe.couple ? "yes" : "no"},
          {"variants", options.recipe.vary ? "yes" : "no"},
          {"compensate", options.recipe.compensate ? "yes" : "no"},
          {"mix", options.training.mix ? "yes" : "no"},
          {"feature-maps", options.training.feature_weight > 0 ? "yes" : "no"},
          {"damping", optional(options.recipe.damping)}};
}

}  // namespace mj::cli
