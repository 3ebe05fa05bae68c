#include "cli/prune_arguments.h"

namespace mj::cli {
namespace {

constexpr double least_millijoules = 1e-12;
constexpr double most_millijoules = 1e12;
constexpr int most_networks = 50;

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
  names.reserve(named_methods.size());
  for (const NamedMethod& method : named_methods) {
    names.emplace_back(method.name);
  }
  return names;
}

void add_method_options(CLI::App& command, PruneArguments& arguments) {
  command
      .add_option("--method", arguments.method,
                  "How weights are chosen; auto: admm, or exact-obs or wanda by the layer's size")
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
      .add_option(
          "--final-tune", arguments.final_epochs,
          "Epochs after the last round towards a budget (default: 4 times --fine-tune; on fewer than 20,000 "
          "labels 6 to 20, by the network's size)")
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
      .add_option("--learning-rate", arguments.learning_rate,
                  "Of fine-tuning, the highest in a round (default 0.002; on fewer than 20,000 labels 0.003 "
                  "of the weights' root mean square)")
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
      command, "couple", arguments.couple,
      "Errors of a layer's channels, and those at neighbouring positions, count together, by what they do to "
      "predictions, not each for itself (default of auto)");
  add_switch(command, "variants", arguments.variants,
             "Layers are fitted on a variant of each image too, cropped and mirrored (default of auto)");
  add_switch(
      command, "match-variance", arguments.match_variance,
      "Every output channel is scaled to the variance that the dense network gives it (default of auto)");
  add_switch(command, "compensate", arguments.compensate,
             "A layer makes good what is missing in the value that its output is added to (default of auto)");
  add_switch(command, "mix", arguments.mix,
             "Fine-tuning on fewer than 20,000 labels learns from images with parts of others in them "
             "(CutMix; default there)");
  add_switch(command, "feature-maps", arguments.feature_maps,
             "Fine-tuning on fewer than 20,000 labels also learns the dense network's last feature maps");
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

void add_prune_options(CLI::App& command, PruneArguments& arguments) {
  command.add_option("MODEL", arguments.model, "ONNX file with trained weights")->required();
  command.add_option("-o,--output", arguments.output, "Where the pruned network goes")
      ->required()
      ->type_name("OUT.onnx");
  command
      .add_option(
          "--data", arguments.data.dataset,
          "Images to learn from; a fifth is held back to decide when to stop, with a budget and --eval a "
          "tenth, and none with --fine-tune 0 besides")
      ->required()
      ->type_name("DATASET");
  command
      .add_option("--eval", arguments.evaluation, "Images for the final accuracy, touched once at the end")
      ->type_name("DATASET");
  command.add_option("--images", arguments.data.images, "Draw N images of --data by the seed (default: all)")
      ->check(whole_number_from(1))
      ->type_name("N");
  command.add_option("--seed", arguments.data.seed, "The same seed gives the same file")
      ->check(whole_number_from(0))
      ->capture_default_str();
  add_preprocess_option(command, arguments.data);
  add_hardware_options(command, arguments.hardware);
  add_target_options(command, arguments);
  add_limit_options(command, arguments);
  add_method_options(command, arguments);
  command
      .add_option("--memory", arguments.memory,
                  "Memory that the run may take, as in 4GB; less is slower and changes no result")
      ->type_name("BYTES");
  command
      .add_option("--run", arguments.run,
                  "Folder that keeps finished layers and epochs, the log and the result")
      ->type_name("DIR");
  command.add_flag("--resume", arguments.resume, "Go on with the run in --run")->needs("--run");
  command.add_option("--json", arguments.json, "Write JSON to a file, or - for standard output alone")
      ->type_name("FILE|-");
  command.footer(
      "Examples:\n"
      "  mj prune net.onnx -o small.onnx --data fashion-mnist:train --eval fashion-mnist:test\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 50% --fine-tune 0 --run run1\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 50% --fine-tune 0 --run run1 --resume\n"
      "  mj prune net.onnx -o small.onnx --data images/ --energy 40% --pareto 6");
}

}  // namespace mj::cli
