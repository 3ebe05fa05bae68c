#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "workflow/calibration_split.h"
#include "workflow/measured.h"
#include "workflow/network_energy.h"
#include "workflow/prune_network.h"

namespace mj {

/// What a pruning run works with: its images and the sessions that run the network.
struct PruneContext {
  const PruneJob& job;
  RunFolder* run = nullptr;  ///< where the run is kept; may be null
  ProgressCallback progress;
  std::stop_token stop;
  CalibrationSplit split;
  std::vector<double> most_zeros;  ///< for each layer, the share of its weights that may be zero
  NetworkInputs statistics;        ///< on which activation zeros are measured
  NetworkInputs samples;           ///< on which layers are sampled
  std::unique_ptr<Session> working;
  std::unique_ptr<Session> reference;  ///< whose layer outputs are kept
  std::unique_ptr<Session>
      teacher;  ///< the dense network, for distillation; null where there is no gradient step
};

/// `progress` hears all of it, the run's log the ends of stages.
PruneContext open_context(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                          std::stop_token stop);

/// A callback that reports under the name of a stage.
ProgressCallback stage(const PruneContext& context, std::string name);

/// Accuracy by the run's metric.
std::optional<double> metric_of(const Measured& measured, Metric metric);

/// Runs `network` over the images for its zeros and its accuracy. Leaves it loaded in context.working.
Measured measure(PruneContext& context, const Network& network, const std::string& name);

/// Ends a stage with the figures of a network, relative to the dense one's.
void report(const PruneContext& context, const std::string& name, const Measured& measured,
            const Measured& dense);

}  // namespace mj
