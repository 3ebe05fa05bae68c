#include "workflow/prune_options.h"

#include <algorithm>

#include "base/error.h"

namespace mj {

PruneOptions default_options(const NamedMethod& method, std::size_t images, bool labelled) {
  PruneOptions options;
  options.name = method.name;
  options.method = method.method;
  options.recipe.solver = method.solver;
  const bool by_levels = method.method == PruneMethod::levels;
  const bool few = !labelled || images < many_labels;
  if (!by_levels) {
    options.order = LayerOrder::energy;
    options.rounds = 2;
    options.recipe.damping = 3e-3;
  } else {
    options.recipe.images = 2000;
    options.recipe.positions = 32;
    options.recipe.match_variance = true;
    options.recipe.compensate = true;
    options.channels = true;
  }
  if (by_levels && few) {
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

const NamedMethod& method_named(std::string_view name) {
  const auto* found = std::find_if(named_methods.begin(), named_methods.end(),
                                   [&](const NamedMethod& method) { return method.name == name; });
  ensure(found != named_methods.end(), "a method has no name");
  return *found;
}

}  // namespace mj
