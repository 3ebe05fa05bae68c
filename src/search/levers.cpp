#include "search/levers.h"

#include <algorithm>
#include <optional>

#include "search/map_layers.h"

namespace mj {
namespace {

constexpr double half = 0.5;
constexpr int64_t larger_batch = 4;

void halve_weights(Workload& workload) {
  if (!workload.has_weights) {
    return;
  }
  for (double* count : {&workload.nonzero_macs, &workload.nonzero_weight_macs, &workload.nonzero_weights,
                        &workload.weight_pairs, &workload.weight_column_pairs}) {
    *count *= half;
  }
}

void halve_maps(Workload& workload) {
  workload.nonzero_outputs *= half;
  if (workload.reads_network_input) {
    return;
  }
  for (double* count : {&workload.nonzero_macs, &workload.nonzero_input_macs, &workload.nonzero_inputs}) {
    *count *= half;
  }
}

void halve_bits(Workload& workload) {
  workload.weight_bits = (workload.weight_bits + 1) / 2;
  workload.activation_bits = (workload.activation_bits + 1) / 2;
}

void enlarge_batch(Workload& workload) {
  constexpr auto factor = static_cast<double>(larger_batch);
  (workload.has_weights ? workload.shape.n : workload.shape.groups) *= larger_batch;
  for (double* count : {&workload.nonzero_macs, &workload.nonzero_input_macs, &workload.nonzero_weight_macs,
                        &workload.nonzero_inputs, &workload.nonzero_outputs}) {
    *count *= factor;
  }
  for (ZeroRuns* runs : {&workload.input_runs, &workload.output_runs}) {
    for (double& overflow : runs->overflow) {
      overflow *= factor;
    }
  }
  if (!workload.has_weights) {
    for (double* count : {&workload.nonzero_weights, &workload.weight_pairs, &workload.weight_column_pairs}) {
      *count *= factor;
    }
  }
}

/// The nest with one of the outermost level's loops moved to each place of the next level.
std::vector<LoopNest> with_a_loop_moved_in(const LoopNest& nest) {
  std::vector<LoopNest> nests;
  if (nest.levels.size() < 2) {
    return nests;
  }
  const auto loops = static_cast<std::ptrdiff_t>(nest.levels[0].loops.size());
  const auto places = static_cast<std::ptrdiff_t>(nest.levels[1].loops.size());
  for (std::ptrdiff_t i = 0; i < loops; ++i) {
    for (std::ptrdiff_t place = 0; place <= places; ++place) {
      LoopNest moved = nest;
      auto& outer = moved.levels[0].loops;
      auto& inner = moved.levels[1].loops;
      inner.insert(inner.begin() + place, outer[static_cast<std::size_t>(i)]);
      outer.erase(outer.begin() + i);
      nests.push_back(std::move(moved));
    }
  }
  return nests;
}

/// Nests that run `times` as many images one after the other, made of this one; those that the accelerator
/// can run.
std::vector<LoopNest> repeated(const LoopNest& nest, int64_t times, const LayerShape& shape,
                               const Accelerator& accelerator) {
  std::vector<LoopNest> bases = with_a_loop_moved_in(nest);
  bases.push_back(nest);
  std::vector<LoopNest> nests;
  for (const LoopNest& base : bases) {
    const auto places = static_cast<std::ptrdiff_t>(base.levels.front().loops.size());
    for (std::ptrdiff_t place = 0; place <= places; ++place) {
      LoopNest longer = base;
      auto& loops = longer.levels.front().loops;
      loops.insert(loops.begin() + place, {Dimension::N, times});
      if (!misfit(shape, accelerator, longer)) {
        nests.push_back(std::move(longer));
      }
    }
  }
  return nests;
}

/// The changed layer under the nest that it had; nullopt where a larger batch cannot be added to it.
std::optional<LayerEstimate> under_nest(const LayerEstimate& present, const Workload& changed,
                                        const Accelerator& accelerator, int64_t batch, Counting counting) {
  const LoopNest nest = nest_on(present.nest->nest, accelerator, accelerator.file);
  const int64_t times = changed.shape.n / present.workload.shape.n;
  const auto nests =
      times > 1 ? repeated(nest, times, changed.shape, accelerator) : std::vector<LoopNest>{nest};
  std::optional<LayerEstimate> best;
  for (const LoopNest& each : nests) {
    LayerEstimate priced = price_nest(changed, accelerator, batch, each, counting);
    if (!best || priced.energy.total < best->energy.total) {
      best = std::move(priced);
    }
  }
  return best;
}

std::optional<Estimate> under_present_nests(const Estimate& present, const std::vector<Workload>& changed,
                                            const Accelerator& accelerator, int64_t batch) {
  Estimate result;
  result.batch = batch;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    auto layer = under_nest(present.layers[i], changed[i], accelerator, batch, present.nests.counting);
    if (!layer) {
      return std::nullopt;
    }
    result.layers.push_back(*std::move(layer));
  }
  return result;
}

}  // namespace

std::vector<Lever> try_levers(const Estimate& present, const Accelerator& accelerator) {
  std::vector<Lever> levers;
  const auto try_lever = [&](std::string change, int64_t images, void (*apply)(Workload&)) {
    std::vector<Workload> workloads;
    for (const LayerEstimate& layer : present.layers) {
      workloads.push_back(layer.workload);
      apply(workloads.back());
    }
    if (!std::all_of(workloads.begin(), workloads.end(),
                     [](const Workload& workload) { return is_countable(workload.shape); })) {
      return;
    }
    if (!accelerator.dataflow.empty()) {
      levers.push_back({std::move(change), estimate(workloads, accelerator, images)});
    } else if (auto after = under_present_nests(present, workloads, accelerator, images)) {
      levers.push_back({std::move(change), *std::move(after)});
    }
  };
  try_lever("half the weights", present.batch, halve_weights);
  try_lever("half the maps", present.batch, halve_maps);
  try_lever("half the bits", present.batch, halve_bits);
  try_lever("4 x batch", present.batch * larger_batch, enlarge_batch);
  return levers;
}

}  // namespace mj
