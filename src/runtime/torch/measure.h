#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/progress.h"
#include "dataset/dataset.h"
#include "network/activation_stats.h"
#include "runtime/runtime.h"
#include "runtime/torch/model.h"

namespace mj {

/// Session::measure_activations.
ActivationStats count_activations(const Model& model, const NetworkInputs& inputs,
                                  const ProgressCallback& progress, const std::stop_token& stop);

/// Session::run_to.
std::shared_ptr<const KeptPasses> keep_passes(const Model& model, const PassStart& start,
                                              const MacLayer& layer, std::size_t most_bytes,
                                              const std::stop_token& stop);

/// Session::sample_layer, sample_layer_from.
LayerSamples sample_positions(const Model& model, const PassStart& start, const MacLayer& layer,
                              const SampleOptions& options, const std::stop_token& stop);

/// Session::output_information.
std::vector<OutputInformation> measure_information(const Model& model, const NetworkInputs& inputs,
                                                   int64_t most_channels, uint64_t seed,
                                                   const ProgressCallback& progress,
                                                   const std::stop_token& stop);

}  // namespace mj
