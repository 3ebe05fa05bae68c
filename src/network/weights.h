#pragma once

#include <cstdint>
#include <vector>

#include "base/matrix.h"
#include "network/network.h"

namespace mj {

/// Whether the layer's weight values are in the file (they may be absent, or computed by the graph) as
/// floating numbers, so that they can be changed.
bool has_weights(const Network& network, const MacLayer& layer);

/// The same, also where the values are quantized.
bool has_weight_values(const Network& network, const MacLayer& layer);

/// The layer's weights as a (groups K) x (C R S) matrix, whatever their layout, times what the node
/// multiplies them by; of quantized ones the steps from the zero point. Throws InternalError without values.
Matrix weight_matrix(const Network& network, const MacLayer& layer);

/// Puts them back as the tensor has them.
void set_weight_matrix(Network& network, const MacLayer& layer, const Matrix& weights);

/// The bias, groups K long; empty where the layer has none.
std::vector<float> bias_vector(const Network& network, const MacLayer& layer);
void set_bias_vector(Network& network, const MacLayer& layer, const std::vector<float>& bias);

int64_t count_nonzeros(const Matrix& weights);

/// The most non-zero weights that any `group` neighbouring channels have at one of a filter's `places` (R S);
/// channels that make no full group at the end are one of their own.
int64_t densest_group(const Matrix& weights, int64_t group, int64_t places);

/// For each group and column (input channel and tap), how many of the group's filters have a non-zero weight
/// there: groups x (C R S) values.
std::vector<int64_t> nonzeros_by_tap(const Matrix& weights, int64_t groups);

/// Throws InputError that names file, layer and value where a weight is NaN or infinite.
void check_finite_weights(const Network& network);

}  // namespace mj
