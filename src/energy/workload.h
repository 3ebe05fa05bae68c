#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/matrix.h"
#include "hardware/accelerator.h"
#include "network/activation_stats.h"
#include "network/network.h"

namespace mj {

/// What the energy model needs to know of one MAC layer: its loop nest and its zeros, no values. All counts
/// are for the whole batch (shape.n images, or what stands for them).
struct Workload {
  std::string name;
  std::string op;
  LayerShape shape;
  int weight_bits = 16;
  int activation_bits = 16;
  bool reads_network_input = false;
  bool has_weights = true;  ///< false for a product of two activations, the second of which is counted as
                            ///< weights in energies and accesses, an operand for each image
  double nonzero_macs = 0;  ///< weight and input both non-zero
  double nonzero_input_macs = 0;   ///< input non-zero, whatever the weight
  double nonzero_weight_macs = 0;  ///< weight non-zero, whatever the input
  double nonzero_weights = 0;
  double weight_pairs =
      0;  ///< run-length pairs of the weight tensor: its non-zeros, and one for each run that overflows
  double weight_column_pairs = 0;  ///< the same for each column (input channel and tap) by itself
  int64_t densest_group =
      0;  ///< the most non-zero weights in any WorkloadOptions::pattern_group; 0: not asked
  double nonzero_inputs =
      0;  ///< of the maps read; where only a fraction is known it is taken of the padded map
  double nonzero_outputs = 0;  ///< of the stored maps
  ZeroRuns input_runs;         ///< for the whole batch; 0 where they were not measured
  ZeroRuns output_runs;
  double input_density = 1;  ///< of the unpadded map
  double output_density = 1;
};

/// Of the layer's weights, and those that are not zero; 0 for a product of two activations.
double stored_weights(const Workload& workload);
double stored_nonzero_weights(const Workload& workload);

/// The operand's width; outputs are activations.
int bits_of(const Workload& workload, Operand operand);

/// Entries that a code of `bits` bits a run, 3 to 16, spends on zeros.
double overflows(const ZeroRuns& runs, int bits);

struct WorkloadOptions {
  int64_t batch = 1;
  int weight_bits = 0;  ///< 0: as the network is quantized, else word_bits
  int activation_bits = 0;
  int word_bits = 16;
  int run_bits = 5;       ///< of the run-length code, for weight_pairs
  int index_bits = 4;     ///< of compressed columns, for weight_column_pairs
  int pattern_group = 0;  ///< of the accelerator's WeightPattern; 0: it has none
};

/// One workload a MAC layer. Non-skipped MACs are exact: the sum over input channel c and tap (r, s) of
/// nnz(W[:, c, r, s]) times the non-zero inputs that the tap meets (Yang, Chen, Sze, CVPR 2017). Without
/// `stats` activations count as dense, padding included; without values weights do, and so does the second
/// operand of a product of two activations. Throws InputError where
/// the batch makes a layer too large to count.
std::vector<Workload> make_workloads(const Network& network, const ActivationStats* stats,
                                     const WorkloadOptions& options);

/// One layer's workload.
Workload make_workload(const Network& network, const MacLayer& layer, const LayerActivations* activations,
                       const WorkloadOptions& options);

/// With other weights than its network's.
Workload make_workload(const Matrix& weights, const MacLayer& layer, const LayerActivations* activations,
                       const WorkloadOptions& options);

/// Run-length pairs that code `values` in order: each holds at most 2^run_bits - 1 zeros and one value, which
/// is a zero where a run overflows (JSSC 2017, section IV-B). Zeros behind the last pair need none: the
/// length is known.
int64_t run_length_pairs(const float* values, int64_t count, int run_bits);

}  // namespace mj
