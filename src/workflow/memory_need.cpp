#include "workflow/memory_need.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "network/weights.h"
#include "workflow/layer_fitting.h"
#include "workflow/level_trials.h"
#include "workflow/prune_layer.h"

namespace mj {
namespace {

constexpr double program_bytes = 400e6;    ///< libtorch and what it allocates for any network
constexpr double image_bytes = 256e6;      ///< that decoded images may take (prepare_inputs)
constexpr double copies_of_weights = 6;    ///< dense, kept and begun network, the trial; two sessions
constexpr double training_of_weights = 3;  ///< gradient and moments
constexpr double fewest_kept = 200e6;
/// Bytes, for each MAC of a pass over an image beyond these: SqueezeNet v1.0 has .86e9, GoogLeNet 1.58e9.
constexpr double kept_for_a_mac = 1.3;
constexpr double short_pass = 0.9e9;
constexpr double most_of_machine = 1.0 / 16;  ///< of its memory, for each set of maps
constexpr double kept_sets = 4;  ///< of maps at once: two, one of them further on, and the next of that

constexpr double eigenvector_copies = 3;  ///< of a Gram matrix, while its eigenvectors are found

/// Gram matrix and correlation in double; the factor, target, state and result of the solver and the samples
/// in float (prune/admm.cpp).
double refit_bytes(const PruneJob& job, const MacLayer& layer, std::size_t images) {
  const LayerShape& shape = layer.shape;
  const auto d = static_cast<double>(shape.c * shape.r * shape.s);
  const auto m = static_cast<double>(shape.k);
  const auto groups = static_cast<double>(shape.groups);
  const std::size_t turns = turns_of(job.options, images);
  const FitSampling sampling = sampling_of(layer, images, turns, job.options.recipe.positions);
  const double rows =
      static_cast<double>(images) *
      std::min(static_cast<double>(sampling.positions), static_cast<double>(shape.n * shape.p * shape.q));
  const double samples = rows * (d + m) * groups * sizeof(float);
  const double problems = groups * (d * d * sizeof(double) + d * m * (sizeof(double) + sizeof(float)));
  const bool is_coupled = job.options.recipe.couple && may_couple_outputs(shape);
  const double factors = is_coupled ? eigenvector_copies : 1;
  const double choices = static_cast<double>(densities_at_once(shape)) * choice_bytes;
  const double solver =
      factors * d * d * sizeof(float) + d * m * 5 * sizeof(float) + groups * d * m * choices;
  if (sampling.adds_up) {
    return problems + std::max(samples / static_cast<double>(turns) + problems, solver);
  }
  // Before the solver, where samples are few: most of them once more, their Gram matrix and its factor.
  const bool is_few = !job.options.recipe.damping && rows < few_samples * d;
  const double damping = is_few ? samples + d * d * (sizeof(double) + sizeof(float)) : 0;
  return samples + problems + std::max(solver, damping);
}

/// While the removal of a group's channels is tried.
double trial_bytes(const PruneJob& job) {
  double most = 0;
  if (may_remove_channels(job)) {
    for (const ChannelGroup& group : find_channel_groups(job.network)) {
      const double products = can_try(job.network, group) ? products_to_try(job.network, group) : 0;
      most = std::max(most, products * (sizeof(double) + 2 * sizeof(float)));
    }
  }
  return most;
}

/// Information of a layer's outputs that count together (output_worth), while it is summed up.
double worth_bytes(const PruneJob& job, const MacLayer& layer) {
  const LayerShape& shape = layer.shape;
  const bool is_whole = job.options.recipe.couple && shape.k <= most_coupled_channels;
  return is_whole ? static_cast<double>(shape.groups * shape.k * shape.k) * (sizeof(double) + sizeof(float))
                  : 0;
}

/// Of the maps that are kept between layers: the longer passes take, the more of them are worth their memory.
double bytes_worth_keeping(const Network& network) {
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double beyond = std::max(0.0, mac_count(network) - short_pass);
  return std::min(fewest_kept + kept_for_a_mac * beyond, std::max(fewest_kept, most_of_machine * machine));
}

}  // namespace

MemoryNeed memory_needed(const PruneJob& job, std::size_t images) {
  MemoryNeed need;
  double weights = 0;
  for (const auto& [name, tensor] : job.network.constants) {
    weights += static_cast<double>(tensor.floats.size() * sizeof(float));
  }
  double most = 0;
  double worth = 0;
  for (const MacLayer& layer : job.network.layers) {
    worth += worth_bytes(job, layer);
    const double bytes = has_weights(job.network, layer) ? refit_bytes(job, layer, images) : 0;
    if (bytes > most) {
      most = bytes;
      need.layer = layer.name;
    }
  }
  need.bytes = program_bytes + image_bytes + copies_of_weights * weights + worth +
               std::max({most, trial_bytes(job), training_of_weights * weights});
  return need;
}

std::size_t most_kept_bytes(const PruneJob& job, std::size_t images) {
  if (!job.options.memory) {
    return static_cast<std::size_t>(bytes_worth_keeping(job.network));
  }
  const MemoryNeed need = memory_needed(job, images);
  if (need.bytes > *job.options.memory) {
    throw InputError("--memory", "",
                     fmt::format("is {:.2f} GB; pruning {} takes up to {:.2f} GB, most of it for layer {}",
                                 *job.options.memory * 1e-9, job.network.file, need.bytes * 1e-9, need.layer),
                     "give more, or prune on fewer images");
  }
  return static_cast<std::size_t>(
      std::min(bytes_worth_keeping(job.network), (*job.options.memory - need.bytes) / kept_sets));
}

}  // namespace mj
