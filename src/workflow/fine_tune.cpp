#include "workflow/fine_tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "workflow/divergence.h"

namespace mj {
namespace {

constexpr std::size_t images_in_cycle = 1600;
constexpr int most_taken_back = 2;
constexpr double slower = 0.1;

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
    context.working->train_epoch(context.split.fit, training, begun.training, context.reference.get(),
                                 stage(context, name + ": fine-tuning"), context.stop);
    context.working->store_constants(begun.network);
    save_if_due(context, state);
  }
}

void tune_in_cycles(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  RoundState& begun = *state.begun;
  const NetworkInputs& held_back = context.split.held_back;
  const Matrix wanted = context.reference->forward(held_back, {}, context.stop).values;
  const auto distance = [&] {
    return mean_divergence(wanted, context.working->forward(held_back, {}, context.stop).values);
  };
  const auto cycle =
      static_cast<int>((images_in_cycle + context.split.fit.size - 1) / context.split.fit.size);
  double least = distance();
  while (begun.training.epochs < epochs && begun.taken_back < most_taken_back) {
    TrainOptions training =
        round_training(context, state.round, static_cast<std::size_t>(begun.training.epochs));
    training.epochs = std::min(cycle, epochs - begun.training.epochs);
    training.learning_rate *= std::pow(slower, begun.taken_back);
    double reached = std::numeric_limits<double>::infinity();
    try {
      context.working->train(context.split.fit, training, context.reference.get(),
                             stage(context, name + ": fine-tuning"), context.stop);
      reached = distance();
    } catch (const TrainingDiverged&) {
      // Taken back below, as any cycle that does not help.
    }
    const bool helps = reached < least;
    if (context.progress) {
      context.progress(
          {name + ": fine-tuning", 1,
           fmt::format("divergence on held-back images {:.4f} -> {:.4f} at learning rate {:.2g}{}", least,
                       reached, training.learning_rate, helps ? "" : ", taken back"),
           true});
    }
    if (helps) {
      least = reached;
      context.working->store_constants(begun.network);
    } else {
      ++begun.taken_back;
      context.working->load_constants(begun.network);
    }
    begun.training.epochs += training.epochs;
    save_if_due(context, state);
  }
}

}  // namespace

void fine_tune(PruneContext& context, RunState& state, int epochs, const std::string& name) {
  context.reference->load_constants(context.job.network);
  context.working->load_constants(state.begun->network);
  if (context.job.options.tune_in_cycles) {
    tune_in_cycles(context, state, epochs, name);
  } else {
    tune_by_schedule(context, state, epochs, name);
  }
}

}  // namespace mj
