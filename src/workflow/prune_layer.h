#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hardware/accelerator.h"
#include "network/network.h"
#include "prune/layer_problem.h"
#include "runtime/runtime.h"
#include "workflow/prune_options.h"

namespace mj {

/// The least-squares problems of one layer.
struct LayerFit {
  std::vector<LayerProblem> groups;
  std::size_t images = 1;          ///< that the samples are of
  bool has_bias = true;            ///< whether a change of the outputs' means can be stored
  bool may_choose_damping = true;  ///< else the default, as in trials
  /// By output channel (groups K): filters and outputs of the problems are this much larger, so that an error
  /// counts as much as it changes the network's predictions.
  std::vector<double> scales;
  std::string
      norm_mean;  ///< the batch norm's mean that takes up a change of the outputs' means; may be empty
};

/// Whether least squares take the layer: not where filters have more weights than most_filter_weights.
bool can_be_refitted(const MacLayer& layer);

/// Whether errors of a layer's outputs may count together. Layers that read the image itself, three or four
/// channels of it, have errors that are much the same at neighbouring positions, which F takes to be
/// independent: there SqueezeNet loses by it.
bool may_couple_outputs(const LayerShape& shape);

/// @param read   what the layer reads
/// @param wanted the outputs that it should give at the positions of `read`
/// @param images of which the samples are
/// @param worth  what errors of the outputs count, those of channels and of neighbouring positions together
///               where it has their whole matrices; null: all the same, and each for itself
LayerFit fit_layer(const Network& network, std::size_t layer, LayerSamples read, Matrix wanted,
                   std::size_t images, const OutputInformation* worth = nullptr);

/// A group's filters as its problem has them.
Matrix scaled_filters(const Network& network, const MacLayer& layer, const LayerFit& fit, std::size_t group);

/// The squared error over all samples of the outputs that the layer gives with the weights that `network` has
/// for it, each channel's by its worth.
double fit_error(const Network& network, const MacLayer& layer, const LayerFit& fit);

/// With fewer samples for each input of a layer the damping is chosen on some that are held out.
inline constexpr int few_samples = 4;
/// Of the solver and the refit, where samples are many.
inline constexpr double default_damping = 1e-3;

/// Of a group: with more, errors of a layer's outputs count each for itself.
inline constexpr int64_t most_coupled_channels = 1024;

/// For a layer, of PruneMethod::levels.
Solver solver_of(const RecipeOptions& recipe, const LayerShape& shape);

/// Chooses which weights of the layer stay, by a solver or by the recipe of Yang, Chen and Sze (CVPR 2017),
/// and refits them by least squares, bias included.
/// @param network receives the layer's new weights and bias
/// @param keep    weights that stay, of those that are not zero now
/// @param fit     of the layer as `network` has it
/// @param pattern where given the weights follow it, and `keep` is what it lets stand
void prune_layer(Network& network, std::size_t layer, int64_t keep,
                 const std::optional<WeightPattern>& pattern, const LayerFit& fit, PruneMethod method,
                 const RecipeOptions& recipe);

/// Which weights of each of the layer's groups stay when it keeps so many in all.
using LayerChoice = std::vector<Choice>;

/// What prune_layer would choose for each of `keeps`, found in one search (choose_supports_by). The damping
/// is the user's or default_damping.
std::vector<LayerChoice> choose_layer_supports(const Network& network, std::size_t layer,
                                               std::span<const int64_t> keeps, const LayerFit& fit,
                                               PruneMethod method, const RecipeOptions& recipe);

/// Refits what `chosen` keeps of the layer's weights, bias included, with the same damping.
void refit_layer(Network& network, std::size_t layer, const LayerChoice& chosen, const LayerFit& fit,
                 const RecipeOptions& recipe);

/// Keeps the largest weights that the pattern lets stand.
void set_pattern(Network& network, std::size_t layer, const WeightPattern& pattern);

/// Of the layer's weights those that the pattern lets stand.
int64_t most_by_pattern(const MacLayer& layer, const WeightPattern& pattern);

/// Keeps the `keep` largest weights of the layer and nothing else.
void prune_layer_by_magnitude(Network& network, std::size_t layer, int64_t keep);

}  // namespace mj
