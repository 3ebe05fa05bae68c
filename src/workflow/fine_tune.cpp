#include "workflow/fine_tune.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "workflow/divergence.h"

namespace mj {
namespace {

constexpr int most_schedules = 3;
constexpr double slower = 0.3;
/// Of the least divergence: more than the rest of a schedule makes good.
constexpr double much_further = 1.3;

TrainOptions round_training(const PruneContext& context, int round, std::size_t part) {
  TrainOptions training = context.job.options.training;
  training.seed = round_seed(context, Task::fine_tuning, round, part);
  return training;
}

void tune_by_schedule(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  RoundState& begun = *state.begun;
  TrainOptions training = round_training(context, state.round, 0);
  training.epochs = epochs;
  while (begun.training.epochs < epochs) {
    context.working->train_epoch(context.split.tuned, training, begun.training, context.reference.get(),
                                 stage(context, name + ": fine-tuning"), context.stop);
    context.working->store_constants(begun.network);
    save_if_due(context, state);
  }
}

/// Half of the way from one to the other.
Network mean_of(const Network& network, const Network& other) {
  Network mean = network;
  for (auto& [name, tensor] : mean.constants) {
    const std::vector<float>& values = other.constants.at(name).floats;
    for (std::size_t i = 0; i < tensor.floats.size(); ++i) {
      tensor.floats[i] += (values[i] - tensor.floats[i]) / 2;
    }
  }
  return mean;
}

/// What the images held back say of networks.
class HeldBack {
 public:
  explicit HeldBack(PruneContext& context)
      : context_(context),
        parts_(judged_parts(context.split.held_back, context.job.options.seed)),
        wanted_(context.reference->forward(parts_, {}, context.stop).values) {}

  /// Of what context.working gives from what the dense network gives.
  [[nodiscard]] double divergence() const {
    return mean_divergence(wanted_, context_.working->forward(parts_, {}, context_.stop).values,
                           context_.job.options.training.temperature);
  }
  [[nodiscard]] double divergence_of(const Network& network) const {
    context_.working->load_constants(network);
    return divergence();
  }

 private:
  PruneContext& context_;
  NetworkInputs parts_;
  Matrix wanted_;
};

void report_epoch(const PruneContext& context, const std::string& name, const TrainOptions& training,
                  int epoch, double least, double reached) {
  if (context.progress) {
    context.progress(
        {name + ": fine-tuning", 1,
         fmt::format("epoch {} of {}, rate {:.2g}: divergence on held-back images {:.4f}, the best "
                     "so far {:.4f}",
                     epoch, training.epochs, training.learning_rate, reached, least),
         true});
  }
}

/// One epoch. Gives the divergence after it, infinite where it went wrong.
double tune_epoch(PruneContext& context, RoundState& begun, const TrainOptions& training,
                  const HeldBack& held, const std::string& name) {
  try {
    context.working->train_epoch(context.split.tuned, training, begun.training, context.reference.get(),
                                 stage(context, name + ": fine-tuning"), context.stop);
  } catch (const TrainingDiverged&) {
    return std::numeric_limits<double>::infinity();
  }
  context.working->store_constants(begun.network);
  return held.divergence();
}

/// Keeps the network where it is nearer to the dense one than the best so far; else what is half of the way
/// to it, which has less of what its last few steps happened to do, where that is. Leaves the network loaded.
/// @param[in,out] least divergence of the best so far
void keep_nearest(PruneContext& context, RoundState& begun, double reached, const HeldBack& held,
                  double& least) {
  const auto keep = [&](Network nearer, double divergence) {
    begun.best = std::move(nearer);
    begun.helped = true;
    least = divergence;
  };
  if (reached < least) {
    keep(begun.network, reached);
    return;
  }
  Network between = mean_of(*begun.best, begun.network);
  if (const double halfway = held.divergence_of(between); halfway < least) {
    keep(std::move(between), halfway);
  }
  context.working->load_constants(begun.network);
}

void tune_on_few_images(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  RoundState& begun = *state.begun;
  const HeldBack held(context);
  if (!begun.best) {
    begun.best = begun.network;
  }
  double least = held.divergence_of(*begun.best);
  while (begun.taken_back < most_schedules) {
    TrainOptions training = round_training(context, state.round, static_cast<std::size_t>(begun.taken_back));
    training.epochs = epochs;
    training.learning_rate *= std::pow(slower, begun.taken_back);
    context.working->load_constants(begun.network);
    bool is_lost = false;
    while (!is_lost && begun.training.epochs < training.epochs) {
      const double reached = tune_epoch(context, begun, training, held, name);
      if (std::isfinite(reached)) {
        keep_nearest(context, begun, reached, held, least);
      }
      report_epoch(context, name, training, begun.training.epochs, least, reached);
      is_lost = !std::isfinite(reached) || (!begun.helped && reached > much_further * least);
      if (!is_lost) {  // A run that goes on would not know it, and would go on with the schedule.
        save_if_due(context, state);
      }
    }
    if (begun.helped) {
      break;
    }
    ++begun.taken_back;
    begun.network = *begun.best;
    begun.training = {};
    save_if_due(context, state);
  }
  begun.network = *begun.best;
}

}  // namespace

NetworkInputs judged_parts(const NetworkInputs& held_back, uint64_t seed) {
  return unfamiliar_images(held_back, held_back.size, draw_seed(seed, Draw::judged_parts));
}

void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  context.reference->load_constants(context.job.network);
  context.working->load_constants(state.begun->network);
  if (context.job.options.on_few_images) {
    tune_on_few_images(context, state, epochs, name);
  } else {
    tune_by_schedule(context, state, epochs, name);
  }
}

}  // namespace mj
