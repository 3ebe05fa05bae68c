#include "workflow/prune_options.h"

#include <algorithm>

#include "base/error.h"

namespace mj {

namespace {

/// What fine-tuning on few images may take: MACs of forward passes over them.
constexpr double macs_of_tuning = 1.5e12;
constexpr double fewest_epochs = 6;
constexpr double most_epochs = 20;

}  // namespace

PruneOptions default_options(const NamedMethod& method, std::size_t images, bool labelled, double macs) {
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
    options.recipe.positions = 96;
    options.recipe.couple = true;
    options.recipe.vary = true;
    options.recipe.match_variance = true;
    options.recipe.compensate = true;
    options.channels = true;
  }
  if (by_levels && few) {
    options.epochs = 2;
    options.final_epochs = static_cast<int>(
        std::clamp(macs_of_tuning / (macs * static_cast<double>(images)), fewest_epochs, most_epochs));
  }
  if (few) {
    options.on_few_images = true;
    options.training.learning_rate = 3e-3;
    options.training.is_relative = true;
    options.training.warm_up = 0.1;
    options.training.batch_size = 32;
    options.training.distillation = 1;
    options.training.temperature = 4;
    options.training.crop = 0.5;
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
