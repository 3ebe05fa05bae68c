#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "network/channels.h"
#include "network/network.h"
#include "runtime/runtime.h"

namespace mj {

/// For each MAC layer ||Y' - Y||^2 / ||Y - mean(Y)||^2 over sampled positions: Y the reference's output, Y'
/// the other's.
/// @param kept       for each layer; outputs that do not stay are left out
/// @param kept_bytes as in LayerPasses
std::vector<double> layer_output_errors(Session& reference, Session& other, const Network& network,
                                        const std::vector<KeptChannels>& kept, const NetworkInputs& inputs,
                                        int64_t positions, uint64_t seed, std::size_t kept_bytes,
                                        const std::stop_token& stop);

/// For each MAC layer the mean square of every input (groups x C R S values) over sampled positions; empty
/// for layers without weights.
std::vector<std::vector<double>> input_power(Session& session, const Network& network,
                                             const NetworkInputs& inputs, int64_t positions, uint64_t seed,
                                             const std::stop_token& stop);

}  // namespace mj
