#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mj {

/// A network as a whole, before or after pruning. Energies are per image.
struct NetworkFigures {
  double energy = 0;                ///< in 16-bit MACs
  std::optional<double> energy_pj;  ///< where the accelerator states picojoules
  double nonzero_weights = 0;       ///< of MAC layers
  double nonzero_macs = 0;          ///< mean over the images, times the batch
  double cycles = 0;
  std::optional<double> top1, top5;  ///< fractions; none without labels
};

struct PrunedLayer {
  std::string name;
  double density_before = 1, density_after = 1;  ///< non-zero weights over the weights that it had
  double energy_before = 0, energy_after = 0;    ///< per image, in 16-bit MACs
  double output_error = 0;  ///< squared error of the layer's output over its power, on images that it
                            ///< was not fitted to
  int64_t channels_before = 0, channels_after = 0;  ///< that it gives
  std::string solver;  ///< that chose its weights, of PruneMethod::levels: a Solver's name or "n-of-m"
                       ///< (n_of_m.h); else empty
};

/// One round of pruning, and whether its network was kept.
struct PruneStep {
  int step = 0;
  double energy = 0;
  std::optional<double> top1, top5;
  bool kept = true;
};

/// What pruning did, for reports.
struct PruneResult {
  std::string model, output, method, accelerator;
  int64_t batch = 1;
  uint64_t seed = 0;
  NetworkFigures before, after;
  std::vector<PrunedLayer> layers;
  std::vector<PruneStep> history;
  double seconds = 0;
  std::string stopped_by;   ///< "max-drop", "budget", ...
  std::string accuracy_on;  ///< what top1 and top5 were measured on, for people
  std::vector<std::string> notes;
};

}  // namespace mj
