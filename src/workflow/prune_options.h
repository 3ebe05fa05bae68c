#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "prune/energy_aware.h"
#include "prune/solvers.h"
#include "runtime/runtime.h"

namespace mj {

enum class PruneMethod {
  levels,        ///< levels by measured loss, weights by a solver on the layers' outputs
  energy_aware,  ///< Yang, Chen, Sze, CVPR 2017
  magnitude      ///< the smallest weights go, the rest stay as they are
};

/// What --method takes. Of `levels` a solver for all layers, or none: solver_for each.
struct NamedMethod {
  std::string_view name;
  PruneMethod method = PruneMethod::levels;
  std::optional<Solver> solver;
};
inline constexpr std::array named_methods{NamedMethod{"auto"},
                                          NamedMethod{"admm", PruneMethod::levels, Solver::admm},
                                          NamedMethod{"exact-obs", PruneMethod::levels, Solver::exact_obs},
                                          NamedMethod{"sparse-gpt", PruneMethod::levels, Solver::sparse_gpt},
                                          NamedMethod{"wanda", PruneMethod::levels, Solver::wanda},
                                          NamedMethod{"energy-aware", PruneMethod::energy_aware},
                                          NamedMethod{"magnitude", PruneMethod::magnitude}};

enum class Metric { top1, top5 };

/// In which order a round prunes the layers.
enum class LayerOrder {
  energy,  ///< the most expensive first (Yang, Chen, Sze, CVPR 2017)
  graph    ///< from the input on, so that every layer is refitted on what the pruned ones before it give
};

/// When pruning has reached its end. At least one is set.
struct PruneTarget {
  std::optional<double> energy_share;  ///< of the dense network's energy
  std::optional<double> energy;        ///< per image, in MACs
  std::optional<double> cycles_share;  ///< of the dense network's cycles
  std::optional<double> sparsity;      ///< share of zeros among the weights of MAC layers
  std::optional<double> max_drop;      ///< of the metric on the images held back, as a fraction
};

/// How one layer is pruned; the choices that the paper leaves open. docs/pruning.md has the experiments
/// behind the defaults.
struct RecipeOptions {
  RestoreOptions restore;
  /// Of the solver and the refit, as a fraction of the Gram matrix's mean diagonal. None (of `levels`): 1e-3,
  /// and where a layer has fewer than four samples for each of its inputs as choose_damping finds.
  std::optional<double> damping;
  std::optional<Solver> solver;  ///< of `levels`; none: ADMM where a layer's outputs count together, else by
                                 ///< its size (solver_for)
  bool match_variance = false;   ///< each output channel's to the dense network's, after the refit
  bool compensate = false;    ///< a layer whose output is added to another value makes that one's error good
  std::size_t images = 1000;  ///< that layers are sampled on
  bool couple = false;        ///< errors of a layer's outputs count together, by what they do to predictions
  bool vary = false;          ///< layers are fitted on a variant of each of these images too
  int64_t positions = 16;  ///< output positions in each; up to most_turns times as many where `levels` prunes
};

/// Layers of which only so many weights may become zero.
struct LayerLimit {
  std::string pattern;    ///< a layer's name, with * and ? as a shell has them
  double most_zeros = 0;  ///< share of the layer's weights; those that are zero already may stay
};

struct PruneOptions {
  std::string_view name = named_methods.front().name;
  PruneMethod method = PruneMethod::levels;
  Metric metric = Metric::top1;
  LayerOrder order = LayerOrder::graph;
  PruneTarget target;
  int64_t batch = 1;
  int weight_bits = 16;
  int activation_bits = 16;
  uint64_t seed = 0;
  int rounds = 1;     ///< towards a budget, in equal ratios
  double step = 0.2;  ///< energy removed in a round where there is no budget, as a share of what is left
  int refinements =
      2;           ///< without a budget: how often the step is halved after the accuracy fell below the floor
  int epochs = 1;  ///< of fine-tuning after a round; 0: no gradient step
  int final_epochs = 4;        ///< of fine-tuning after the last round
  bool on_few_images = false;  ///< fine-tuning stops by the images held back, else with its last epoch
  TrainOptions training{.learning_rate = 2e-3,
                        .distillation = 0.7};  ///< epochs and seed are set from the above
  bool channels = false;                       ///< whole channels may go too, where energy is the goal
  RecipeOptions recipe;
  std::vector<LayerLimit> limits;        ///< of several that match a layer the smallest holds
  std::optional<double> memory;          ///< bytes that the run may take; changes no result
  std::size_t statistics_images = 1000;  ///< on which activation zeros are measured
};

/// From so many labelled images on fine-tuning learns from labels; with fewer from the dense network alone,
/// on images that are cropped and mirrored anew every time.
constexpr std::size_t many_labels = 20000;

/// The defaults of a method. docs/pruning.md has the experiments behind them.
/// @param images   to prune with
/// @param labelled whether they have labels
/// @param macs of the network, for an image (pass_cost)
PruneOptions default_options(const NamedMethod& method, std::size_t images, bool labelled, double macs);

/// Throws InternalError where there is none of that name.
const NamedMethod& method_named(std::string_view name);

}  // namespace mj
