#pragma once

#include <cstddef>
#include <cstdint>
#include <list>

#include "workflow/layer_passes.h"
#include "workflow/prune_context.h"
#include "workflow/prune_layer.h"

namespace mj {

/// Layers are pruned on so many times the samples that they are tried on (PruneMethod::levels).
inline constexpr std::size_t most_turns = 4;

/// Of so many images; of more than 2,000 fewer.
std::size_t turns_of(const PruneOptions& options, std::size_t images);

struct FitSampling {
  int64_t positions = 1;  ///< in each image
  bool adds_up = false;   ///< of each turn's samples the products alone are kept
};

/// Where a layer has few samples (few_samples) they are kept, and take no more than those of one turn else.
/// @param images of all turns
/// @param positions that the layer is tried on
FitSampling sampling_of(const MacLayer& layer, std::size_t images, std::size_t turns, int64_t positions);

/// Samples one layer after the other for its pruning: what it reads in the network that is pruned, and what
/// it gives in the one whose outputs are kept. Images come in turns, so that a layer can have more samples
/// than memory holds.
class LayerFitting {
 public:
  /// @param context must outlive this; its sessions' constants before a layer must not change once it was
  ///                asked for
  explicit LayerFitting(PruneContext& context) : context_(context) {}

  /// @param network as context.working has it
  /// @param seed draws the positions
  LayerFit fit(const Network& network, std::size_t layer, uint64_t seed);

  /// Of what layers give; for each of the two networks at most context.kept_bytes.
  [[nodiscard]] std::size_t kept_bytes() const;

 private:
  struct Turn {
    Turn(PruneContext& context, NetworkInputs some);

    NetworkInputs images;
    LayerPasses reference;
    LayerPasses working;
  };

  /// Makes turns of them, unless they are the same as before.
  void take(const NetworkInputs& images);
  /// Of one of the networks.
  std::size_t kept_bytes(LayerPasses Turn::*passes) const;
  /// A turn's passes may keep what all others leave of context.kept_bytes: where there is no room for all of
  /// them there is for some.
  void share_room(Turn& turn) const;

  PruneContext& context_;
  const NetworkInputs* images_ = nullptr;
  std::list<Turn> turns_;  ///< passes refer to the images beside them
};

}  // namespace mj
