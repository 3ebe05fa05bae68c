#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "dataset/dataset.h"
#include "network/network.h"
#include "workflow/network_energy.h"
#include "workflow/prune_options.h"
#include "workflow/prune_result.h"
#include "workflow/run_folder.h"

namespace mj {

struct PruneJob {
  Network network;  ///< dense; what it was read from
  EnergySetting setting;
  NetworkInputs calibration;  ///< a part of it may be held back to decide when to stop, see split_images
  std::string calibration_name;
  std::optional<NetworkInputs> evaluation;  ///< touched at the end only
  std::string evaluation_name;
  PruneOptions options;
};

struct PruneOutcome {
  Network network;
  PruneResult result;  ///< `output` is the caller's to fill
  bool reached = true;
  std::string shortfall;  ///< how near it came, where the target was not reached
};

/// Throws InputError where a job cannot be done: an accuracy without labels or with those of other classes,
/// too few images, a limit for no layer, too little memory. Before a run's folder is made this leaves none
/// behind.
void check_job(const PruneJob& job);

/// Prunes in rounds: every round plans how many weights each layer keeps, prunes the layers one after the
/// other (PruneOptions::order), fine-tunes with the zeros held, and measures; it ends at the budget or rolls
/// back to the last network above the accuracy floor. Without a budget PruneMethod::levels looks for the
/// least energy above the floor by bisection, each round from the dense network on.
/// @param run where finished layers and epochs are kept, and from which the run goes on; may be null
/// Throws Interrupted when `stop` is requested; what `run` holds is whole then.
PruneOutcome prune_network(const PruneJob& job, RunFolder* run, const ProgressCallback& progress,
                           std::stop_token stop);

/// What prune_front does with each of its networks.
struct FrontMember {
  /// Where the run to the job's target is kept; may be empty.
  std::function<std::unique_ptr<RunFolder>(const PruneJob& job)> open_run;
  std::function<void(PruneOutcome outcome, double energy_share, const RunFolder* run)> finish;
};

/// prune_network to one share of the dense network's energy after the other; what is measured and tried of
/// the dense network is shared.
void prune_front(PruneJob job, const std::vector<double>& energy_shares, const FrontMember& member,
                 const ProgressCallback& progress, std::stop_token stop);

}  // namespace mj
