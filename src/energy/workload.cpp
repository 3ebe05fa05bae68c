#include "energy/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/real.h"
#include "network/weights.h"

namespace mj {
namespace {

/// A layer's weights as far as the energy model sees them.
struct WeightZeros {
  std::vector<int64_t> by_tap;  ///< groups x (C R S): filters with a non-zero weight there
  double nonzeros = 0;
  double pairs = 0;
  double column_pairs = 0;
  int64_t densest_group = 0;
};

int32_t longest_run(int bits) {
  return static_cast<int32_t>((int64_t{1} << bits) - 1);
}

/// run_length_pairs of each group's columns by themselves, all at once: rows lie beside each other.
double column_pairs(const Matrix& weights, int64_t groups, int index_bits) {
  const int64_t filters = weights.rows / groups;
  const int32_t longest = longest_run(index_bits);
  std::vector<int32_t> runs(static_cast<std::size_t>(weights.columns));
  int64_t gaps = 0;
  for (int64_t i = 0; i < weights.rows; ++i) {
    if (i % filters == 0) {
      std::fill(runs.begin(), runs.end(), 0);
    }
    const float* row = weights.row(i);
    int32_t* run = runs.data();
    int32_t in_row = 0;
    for (int64_t j = 0; j < weights.columns; ++j) {
      const int32_t longer = run[j] < longest ? run[j] + 1 : 0;
      run[j] = row[j] == 0 ? longer : 0;
      in_row += run[j] > 0 ? 1 : 0;
    }
    gaps += in_row;
  }
  return real(weights.rows * weights.columns - gaps);
}

WeightZeros without_zeros(const LayerShape& shape, const WorkloadOptions& options) {
  WeightZeros zeros;
  zeros.by_tap.assign(static_cast<std::size_t>(shape.groups * shape.c * shape.r * shape.s), shape.k);
  zeros.nonzeros = zeros.pairs = zeros.column_pairs = real(weight_count(shape));
  zeros.densest_group = options.pattern_group;
  return zeros;
}

WeightZeros zeros_of(const Matrix& weights, const LayerShape& shape, const WorkloadOptions& options) {
  WeightZeros zeros;
  zeros.by_tap = nonzeros_by_tap(weights, shape.groups);
  zeros.nonzeros = real(count_nonzeros(weights));
  zeros.pairs =
      real(run_length_pairs(weights.values.data(), weights.rows * weights.columns, options.run_bits));
  zeros.column_pairs = column_pairs(weights, shape.groups, options.index_bits);
  if (options.pattern_group > 0) {
    zeros.densest_group = densest_group(weights, options.pattern_group, shape.r * shape.s);
  }
  return zeros;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Without measurements every input is taken as non-zero, padding included.
void count_dense_activations(const WeightZeros& weights, Workload& workload) {
  const LayerShape& shape = workload.shape;
  workload.nonzero_macs = weights.nonzeros * real(shape.p) * real(shape.q) * real(shape.n);
  workload.nonzero_input_macs = real(mac_count(shape));
  workload.nonzero_inputs =
      real(shape.n * shape.groups * shape.c) * real(padded_height(shape)) * real(padded_width(shape));
  workload.nonzero_outputs = real(output_count(shape));
}

ZeroRuns scaled(ZeroRuns runs, double factor) {
  for (double& overflow : runs.overflow) {
    overflow *= factor;
  }
  return runs;
}

void count_measured_activations(const LayerActivations& activations, const WeightZeros& weights, double batch,
                                Workload& workload) {
  const LayerShape& shape = workload.shape;
  ensure(activations.tap_nonzeros.size() == weights.by_tap.size(),
         "activation statistics and weights have different taps");
  for (std::size_t tap = 0; tap < weights.by_tap.size(); ++tap) {
    const double met = activations.tap_nonzeros[tap] * batch;
    workload.nonzero_macs += real(weights.by_tap[tap]) * met;
    workload.nonzero_input_macs += real(shape.k) * met;
  }
  workload.nonzero_inputs = sum(activations.input_channel_nonzeros) * batch;
  workload.nonzero_outputs = sum(activations.output_channel_nonzeros) * batch;
  workload.input_runs = scaled(activations.input_runs, batch);
  workload.output_runs = scaled(activations.output_runs, batch);
  workload.input_density = workload.nonzero_inputs / real(input_count(shape));
  workload.output_density = workload.nonzero_outputs / real(output_count(shape));
}

/// Counts are exact up to 2^53, in integers and in doubles.
void check_countable(const MacLayer& layer, int64_t batch) {
  const LayerShape& shape = layer.shape;
  const double inputs =
      real(shape.n * shape.groups * shape.c) * real(padded_height(shape)) * real(padded_width(shape));
  const double most = std::max({inputs, real(mac_count(shape)), real(output_count(shape))});
  if (batch < 1 || most * real(batch) > 0x1.0p53) {
    throw InputError("batch", "", fmt::format("is {}", batch),
                     fmt::format("must be from 1 to {:.0f}, so that layer {} can be counted",
                                 std::floor(0x1.0p53 / most), layer.name));
  }
}

Workload workload_with(WeightZeros weights, const MacLayer& layer, const LayerActivations* activations,
                       const WorkloadOptions& options) {
  check_countable(layer, options.batch);
  Workload workload;
  workload.name = layer.name;
  workload.op = layer.op;
  workload.shape = layer.shape;
  workload.has_weights = layer.layout != WeightLayout::none;
  // Each image brings its own second operand, as a group of its own would.
  (workload.has_weights ? workload.shape.n : workload.shape.groups) *= options.batch;
  const auto width = [&](int given, int quantized) {
    return given > 0 ? given : quantized > 0 ? quantized : options.word_bits;
  };
  workload.activation_bits = width(options.activation_bits, layer.activation_bits);
  workload.weight_bits =
      workload.has_weights ? width(options.weight_bits, layer.weight_bits) : workload.activation_bits;
  workload.reads_network_input = layer.reads_network_input;
  if (!workload.has_weights) {
    for (double* count : {&weights.nonzeros, &weights.pairs, &weights.column_pairs}) {
      *count *= real(options.batch);
    }
  }
  workload.nonzero_weights = weights.nonzeros;
  workload.weight_pairs = weights.pairs;
  workload.weight_column_pairs = weights.column_pairs;
  workload.densest_group = workload.has_weights ? weights.densest_group : 0;
  workload.nonzero_weight_macs =
      weights.nonzeros * real(workload.shape.p) * real(workload.shape.q) * real(workload.shape.n);
  if (activations == nullptr) {
    count_dense_activations(weights, workload);
  } else {
    count_measured_activations(*activations, weights, real(options.batch), workload);
  }
  return workload;
}

}  // namespace

Workload make_workload(const Network& network, const MacLayer& layer, const LayerActivations* activations,
                       const WorkloadOptions& options) {
  return has_weight_values(network, layer)
             ? make_workload(weight_matrix(network, layer), layer, activations, options)
             : workload_with(without_zeros(layer.shape, options), layer, activations, options);
}

Workload make_workload(const Matrix& weights, const MacLayer& layer, const LayerActivations* activations,
                       const WorkloadOptions& options) {
  return workload_with(zeros_of(weights, layer.shape, options), layer, activations, options);
}

std::vector<Workload> make_workloads(const Network& network, const ActivationStats* stats,
                                     const WorkloadOptions& options) {
  ensure(stats == nullptr || stats->layers.size() == network.layers.size(),
         "activation statistics and network have different layers");
  std::vector<Workload> workloads;
  workloads.reserve(network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const LayerActivations* activations = stats == nullptr ? nullptr : &stats->layers[i];
    workloads.push_back(make_workload(network, network.layers[i], activations, options));
  }
  return workloads;
}

double stored_weights(const Workload& workload) {
  return workload.has_weights ? real(weight_count(workload.shape)) : 0;
}

double stored_nonzero_weights(const Workload& workload) {
  return workload.has_weights ? workload.nonzero_weights : 0;
}

int bits_of(const Workload& workload, Operand operand) {
  return operand == Operand::weights ? workload.weight_bits : workload.activation_bits;
}

double overflows(const ZeroRuns& runs, int bits) {
  return runs.overflow.at(static_cast<std::size_t>(bits - ZeroRuns::shortest_code));
}

int64_t run_length_pairs(const float* values, int64_t count, int run_bits) {
  const int32_t longest = longest_run(run_bits);
  int64_t gaps = 0;
  int32_t run = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t longer = run < longest ? run + 1 : 0;
    run = values[i] == 0 ? longer : 0;
    gaps += run > 0 ? 1 : 0;
  }
  return count - gaps;
}

}  // namespace mj
