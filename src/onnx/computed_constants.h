#pragma once

#include <map>
#include <string>

#include "network/network.h"

namespace mj {

/// What nodes compute from constants alone and other nodes do with images (a weight that is reshaped, or cast
/// from half precision), as a network without inputs: its outputs are those values, with their element types.
/// It has none where all layers' weights are constants or cannot become some: placeholders (ConstantOfShape),
/// quantized ones, those of which values are missing.
Network computed_constants(const Network& network);

/// Puts constants in the place of values that nodes compute. Nodes that nothing needs any more go, constants
/// that they alone read too; each value becomes an initializer of the file. Shapes and layers are inferred
/// anew.
void replace_by_constants(Network& network, std::map<std::string, Tensor> values);

}  // namespace mj
