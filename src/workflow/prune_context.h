#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "network/channels.h"
#include "workflow/calibration_split.h"
#include "workflow/measured.h"
#include "workflow/network_energy.h"
#include "workflow/prune_network.h"

namespace mj {

struct TriedLevels;

/// What a pruning run works with: its images and the sessions that run the network.
struct PruneContext {
  const PruneJob& job;
  RunFolder* run = nullptr;         ///< where the run is kept; may be null
  RunFolder* shared_run = nullptr;  ///< of a front, the first: it keeps what trying told of the dense network
  ProgressCallback progress;
  std::stop_token stop;
  CalibrationSplit split;
  std::vector<double> most_zeros;  ///< for each layer, the share of its weights that may be zero
  NetworkInputs statistics;        ///< on which activation zeros are measured
  NetworkInputs samples;           ///< on which layers are sampled
  NetworkInputs fitted;            ///< on which layers are pruned: these, and a variant of each
  NetworkInputs fitted_part;       ///< part_to_sample of them
  std::unique_ptr<Session> working;
  std::unique_ptr<Session> reference;              ///< whose layer outputs are kept, and who teaches
  std::shared_ptr<const TriedLevels> tried_dense;  ///< of the dense network
  std::shared_ptr<const TriedLevels> tried;        ///< of another one that the present round starts with
  std::optional<Measured> dense;                   ///< of the dense network, where it was measured
  std::vector<OutputInformation> worth;            ///< see output_worth; empty until it is asked for
  std::size_t kept_bytes = 0;  ///< that what layers give may take between two layers, a set of images
};

/// Holds fewer back where accuracy decides nothing, a budget being all that is to be reached, and is that on
/// other images; none where there is no fine-tuning either. Throws as split_calibration does.
CalibrationSplit split_images(const PruneJob& job);

/// `progress` hears all of it, the run's log the ends of stages.
PruneContext open_context(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                          std::stop_token stop);

/// How many images layers are pruned on, of a set for fitting.
std::size_t fitted_count(const RecipeOptions& recipe, std::size_t images);

/// Keeps the rest of the work in another run.
void set_run(PruneContext& context, RunFolder* run, const ProgressCallback& progress);

/// A callback that reports under the name of a stage.
ProgressCallback stage(const PruneContext& context, std::string name);

/// Whether the run may remove channels. Not where the goal counts zeros, which fewer channels take away; nor
/// under a weight pattern: fewer channels would part those anew that stand in a group of it.
bool may_remove_channels(const PruneJob& job);
/// The groups of `network` that channels may go from: none with a layer whose weights are limited.
std::vector<ChannelGroup> removable_channels(const PruneContext& context, const Network& network);

/// What is drawn once in a run.
enum class Draw : uint64_t { statistics = 1, samples, worth, variants, fitted_part, judged_parts };
/// @param seed of the run
uint64_t draw_seed(uint64_t seed, Draw draw);

/// Seeds of a round's tasks.
enum class Task : uint64_t {
  values_of_weights = 1'000'000,
  layer_samples = 2'000'000,
  fine_tuning = 3'000'000
};
uint64_t round_seed(const PruneContext& context, Task task, int round, std::size_t part = 0);

/// A checkpoint, where there is a run and the last one is old enough.
void save_if_due(const PruneContext& context, const RunState& state);

/// Accuracy by the run's metric.
std::optional<double> metric_of(const Measured& measured, Metric metric);

/// Runs `network` over the images for its zeros and its accuracy. Leaves it loaded in context.working.
/// @param is_dense the network that was given: its energy counts all of its channels
Measured measure(PruneContext& context, const Network& network, const std::string& name,
                 bool is_dense = false);

/// Parts of images, mirrored or not, so that they are not those that the network may have learned by heart:
/// on those it is surer of itself than on any others, and shows less of what a layer's loss does. Where
/// `count` is more than there are, each is taken several times, and another part of it each time.
NetworkInputs unfamiliar_images(const NetworkInputs& images, std::size_t count, uint64_t seed);

/// What errors of each layer's output channels do to the dense network's predictions
/// (Session::output_information), measured on unfamiliar images when first asked for.
const std::vector<OutputInformation>& output_worth(PruneContext& context);

/// Ends a stage with the figures of a network, relative to the dense one's.
void report(const PruneContext& context, const std::string& name, const Measured& measured,
            const Measured& dense);

}  // namespace mj
