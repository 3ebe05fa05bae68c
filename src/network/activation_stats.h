#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mj {

/// Runs of zeros before values of a map, channel after channel, row after row: for a code with b bits a run
/// the sum over runs of L zeros of floor(L / 2^b), the entries that it spends on zeros (JSSC 2017, section
/// IV-B). Means per image.
struct ZeroRuns {
  static constexpr int shortest_code = 3;
  static constexpr int longest_code = 16;
  std::array<double, longest_code - shortest_code + 1> overflow{};  ///< by b - shortest_code
};

/// Where one MAC layer's activations are not zero; means per image.
struct LayerActivations {
  /// For each group, input channel and tap (groups x C R S): non-zero inputs that the tap meets in its P x Q
  /// positions (padding counts as zero).
  std::vector<double> tap_nonzeros;
  std::vector<double> input_channel_nonzeros;   ///< of the unpadded map, groups C values
  std::vector<double> output_channel_nonzeros;  ///< of the stored output, groups K values
  ZeroRuns input_runs;
  ZeroRuns output_runs;
};

/// Measured on real images; `layers` is parallel to Network::layers.
struct ActivationStats {
  int64_t images = 0;
  std::vector<LayerActivations> layers;
};

}  // namespace mj
