#include "workflow/prune_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "runtime/augment.h"
#include "workflow/density_plan.h"
#include "workflow/layer_passes.h"
#include "workflow/memory_need.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"
#include "workflow/written_network.h"

namespace mj {
namespace {

// Images that outputs' worth is measured on: as many as take so many MACs of forward passes.
constexpr double macs_of_worth = 4e11;
constexpr double fewest_images_of_worth = 400;
constexpr double most_images_of_worth = 2000;

ProgressCallback logged(RunFolder* run, const ProgressCallback& progress) {
  if (run == nullptr) {
    return progress;
  }
  return [run, progress](const Progress& step) {
    if (step.stage_ended) {
      run->log(step.stage + ": " + step.detail);
    }
    if (progress) {
      progress(step);
    }
  };
}

}  // namespace

CalibrationSplit split_images(const PruneJob& job) {
  const PruneOptions& options = job.options;
  const bool is_tuned = options.epochs > 0 || options.final_epochs > 0;
  const bool needs_accuracy = !job.evaluation || !has_budget(options.target) || options.target.max_drop ||
                              (is_tuned && !options.on_few_images);
  CalibrationSplit split = split_calibration(job.calibration, options.seed, job.calibration_name,
                                             needs_accuracy ? Decision::accuracy : Decision::tuning);
  return needs_accuracy || is_tuned ? split : CalibrationSplit{.fit = job.calibration};
}

PruneContext open_context(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                          std::stop_token stop) {
  PruneContext context{.job = job, .run = run, .progress = logged(run, progress), .stop = std::move(stop)};
  const PruneOptions& options = job.options;
  const auto draw = [&](std::size_t count, Draw what) {
    return select(context.split.fit,
                  sample_indices(context.split.fit.size, count, draw_seed(options.seed, what)));
  };
  context.most_zeros = most_zeros(job.network, options.limits);
  context.split = split_images(job);
  context.statistics = draw(options.statistics_images, Draw::statistics);
  context.samples = draw(options.recipe.images, Draw::samples);
  constexpr double least_part = 0.8;  // of an image's area
  context.fitted = options.recipe.vary ? with_variants(context.samples, least_part, true,
                                                       draw_seed(options.seed, Draw::variants))
                                       : context.samples;
  context.fitted_part = part_to_sample(context.fitted, draw_seed(options.seed, Draw::fitted_part));
  context.working = open_session(job.network, {});
  context.reference = open_session(job.network, {});
  context.kept_bytes = most_kept_bytes(job, context.fitted.size);
  return context;
}

std::size_t fitted_count(const RecipeOptions& recipe, std::size_t images) {
  return std::min(images, recipe.images) * (recipe.vary ? 2 : 1);
}

void set_run(PruneContext& context, RunFolder* run, const ProgressCallback& progress) {
  context.run = run;
  context.progress = logged(run, progress);
}

ProgressCallback stage(const PruneContext& context, std::string name) {
  return [progress = context.progress, name = std::move(name)](const Progress& step) {
    if (progress) {
      progress({name, step.fraction, step.detail, false});
    }
  };
}

bool may_remove_channels(const PruneJob& job) {
  return job.options.channels && !job.options.target.sparsity && !job.setting.accelerator.weight_pattern;
}

std::vector<ChannelGroup> removable_channels(const PruneContext& context, const Network& network) {
  std::vector<ChannelGroup> groups;
  if (may_remove_channels(context.job)) {
    groups = find_channel_groups(network);
  }
  const auto is_limited = [&](std::size_t layer) { return context.most_zeros[layer] < 1; };
  std::erase_if(groups, [&](const ChannelGroup& group) {
    const std::set<std::size_t> layers = layers_with(group);
    return std::any_of(layers.begin(), layers.end(), is_limited);
  });
  return groups;
}

uint64_t draw_seed(uint64_t seed, Draw draw) {
  return derive_seed(seed, static_cast<uint64_t>(draw));
}

uint64_t round_seed(const PruneContext& context, Task task, int round, std::size_t part) {
  return derive_seed(
      derive_seed(context.job.options.seed, static_cast<uint64_t>(task) + static_cast<uint64_t>(round)),
      part);
}

void save_if_due(const PruneContext& context, const RunState& state) {
  if (context.run != nullptr) {
    context.run->save_if_due(state);
  }
}

std::optional<double> metric_of(const Measured& measured, Metric metric) {
  if (!measured.accuracy) {
    return std::nullopt;
  }
  return metric == Metric::top1 ? measured.accuracy->top1 : measured.accuracy->top5;
}

Measured measure(PruneContext& context, const Network& network, const std::string& name, bool is_dense) {
  context.working->load_constants(network);
  Measured measured;
  measured.stats = context.working->measure_activations(context.statistics,
                                                        stage(context, name + ": activations"), context.stop);
  const auto count = [&measured](const Estimate& estimate, const Network& counted) {
    measured.energy = total_energy(estimate).value;
    measured.cycles = total_cycles(estimate);
    measured.nonzero_weights = count_weights(counted).nonzero;
  };
  if (is_dense) {
    count(estimate_network(network, measured.stats, context.job.setting), network);
  } else {
    const WrittenNetwork written = network_to_write(context, network);
    count(estimate_written(context, written, measured.stats, name), written.network);
  }
  if (context.split.tells_accuracy && !context.split.held_back.labels.empty()) {
    measured.accuracy =
        context.working->evaluate(context.split.held_back, stage(context, name + ": accuracy"), context.stop);
  }
  return measured;
}

NetworkInputs unfamiliar_images(const NetworkInputs& images, std::size_t count, uint64_t seed) {
  constexpr double least_part = 0.35;  // of an image's area
  std::vector<std::size_t> indices;
  while (indices.size() < count) {
    const auto more = sample_indices(images.size, count - indices.size(), seed);
    indices.insert(indices.end(), more.begin(), more.end());
  }
  return augmented(select(images, indices), least_part, true, seed);
}

const std::vector<OutputInformation>& output_worth(PruneContext& context) {
  if (context.worth.empty()) {
    const Network& network = context.job.network;
    const uint64_t seed = draw_seed(context.job.options.seed, Draw::worth);
    const auto images = static_cast<std::size_t>(
        std::clamp(macs_of_worth / pass_cost(network), fewest_images_of_worth, most_images_of_worth));
    context.worth =
        open_session(network, {})
            ->output_information(unfamiliar_images(context.split.fit, images, seed),
                                 context.job.options.recipe.couple ? most_coupled_channels : 0, seed,
                                 stage(context, "dense network: what outputs are worth"), context.stop);
  }
  return context.worth;
}

void report(const PruneContext& context, const std::string& name, const Measured& measured,
            const Measured& dense) {
  if (!context.progress) {
    return;
  }
  std::string detail = fmt::format("energy {:.1f} %, weights {:.1f} %", 100 * measured.energy / dense.energy,
                                   100 * measured.nonzero_weights / dense.nonzero_weights);
  if (measured.accuracy) {
    detail +=
        fmt::format(", top-1 {:.2f} %, top-5 {:.2f} % on {} held-back images", 100 * measured.accuracy->top1,
                    100 * measured.accuracy->top5, measured.accuracy->images);
  }
  context.progress({name, 1, detail, true});
}

}  // namespace mj
