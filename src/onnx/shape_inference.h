#pragma once

#include <functional>
#include <map>
#include <string>

#include "network/network.h"

namespace mj {

using Shapes = std::map<std::string, Shape, std::less<>>;

/// The shapes of all values that follow from `given` (inputs, and values that nothing in the graph gives) and
/// the constants, by ONNX's own rules for each operator. A node that is unknown to them, or at odds with
/// them, leaves its outputs to `declared`, or without a shape.
Shapes trace_shapes(const Network& network, const Shapes& given, const Shapes& declared);

}  // namespace mj
