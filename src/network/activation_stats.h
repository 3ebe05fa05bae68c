#pragma once

#include <cstdint>
#include <vector>

namespace mj {

/// Where one MAC layer's activations are not zero; means per image.
struct LayerActivations {
  /// For each group, input channel and tap (groups x C R S): non-zero inputs that the tap meets in its P x Q
  /// positions (padding counts as zero).
  std::vector<double> tap_nonzeros;
  std::vector<double> input_channel_nonzeros;   ///< of the unpadded map, groups C values
  std::vector<double> output_channel_nonzeros;  ///< of the stored output, groups K values
};

/// Measured on real images; `layers` is parallel to Network::layers.
struct ActivationStats {
  int64_t images = 0;
  std::vector<LayerActivations> layers;
};

}  // namespace mj
