#include "workflow/prune_options.h"

namespace mj {

PruneOptions default_options(PruneMethod method, std::size_t images, bool labelled) {
  PruneOptions options;
  options.method = method;
  const bool few = !labelled || images < many_labels;
  if (method != PruneMethod::admm) {
    options.order = LayerOrder::energy;
    options.rounds = 2;
  } else {
    options.recipe.images = 2000;
    options.recipe.positions = 32;
    options.recipe.damping = 1e-3;
    options.recipe.match_variance = true;
    options.recipe.compensate = true;
    options.channels = true;
  }
  if (method == PruneMethod::admm && few) {
    options.epochs = 2;
    options.final_epochs = 8;
  }
  if (few) {
    options.tune_in_cycles = true;
    options.training.learning_rate = 1e-3;
    options.training.batch_size = 64;
    options.training.distillation = 1;
    options.training.crop = 0.8;
    options.training.flip = true;
    options.training.mix = true;
  }
  return options;
}

std::string to_string(PruneMethod method) {
  switch (method) {
    case PruneMethod::admm:
      return "admm";
    case PruneMethod::energy_aware:
      return "energy-aware";
    case PruneMethod::magnitude:
      return "magnitude";
  }
  return "";
}

}  // namespace mj
