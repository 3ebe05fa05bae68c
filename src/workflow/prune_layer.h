#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/network.h"
#include "prune/layer_problem.h"
#include "runtime/runtime.h"
#include "workflow/prune_options.h"

namespace mj {

/// The least-squares problems of one layer.
struct LayerFit {
  std::vector<LayerProblem> groups;
  std::string
      norm_mean;  ///< the batch norm's mean that takes up a change of the outputs' means; may be empty
};

/// @param read   what the layer reads, with the outputs that `network` gives
/// @param wanted the outputs that it should give at the same positions
LayerFit fit_layer(const Network& network, std::size_t layer, LayerSamples read, const Matrix& wanted);

/// Chooses which weights of the layer stay, by ADMM or by the recipe of Yang, Chen and Sze (CVPR 2017), and
/// refits them by least squares, bias included.
/// @param network receives the layer's new weights and bias
/// @param keep    weights that stay, of those that are not zero now
/// @param fit     of the layer as `network` has it
void prune_layer(Network& network, std::size_t layer, int64_t keep, const LayerFit& fit, PruneMethod method,
                 const RecipeOptions& recipe);

/// Keeps the `keep` largest weights of the layer and nothing else.
void prune_layer_by_magnitude(Network& network, std::size_t layer, int64_t keep);

}  // namespace mj
