#include "search/levers.h"

#include <algorithm>

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

}  // namespace

std::vector<Lever> try_levers(const Estimate& present, const Accelerator& accelerator) {
  std::vector<Lever> levers;
  const auto try_lever = [&](std::string change, int64_t images, void (*apply)(Workload&)) {
    std::vector<Workload> workloads;
    for (const LayerEstimate& layer : present.layers) {
      workloads.push_back(layer.workload);
      apply(workloads.back());
    }
    const bool countable = std::all_of(workloads.begin(), workloads.end(),
                                       [](const Workload& workload) { return is_countable(workload.shape); });
    if (countable) {
      levers.push_back({std::move(change), estimate(workloads, accelerator, images, nullptr, present.nests)});
    }
  };
  try_lever("half the weights", present.batch, halve_weights);
  try_lever("half the maps", present.batch, halve_maps);
  try_lever("half the bits", present.batch, halve_bits);
  try_lever("4 x batch", present.batch * larger_batch, enlarge_batch);
  return levers;
}

}  // namespace mj
