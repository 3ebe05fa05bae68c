#pragma once

#include <functional>
#include <map>
#include <string>

#include "network/network.h"

namespace mj {

using Shapes = std::map<std::string, Shape, std::less<>>;

/// What becomes of values behind operators that ONNX's rules do not know, where the file does not say.
enum class UnknownOperators { give_unknown_shapes, keep_shapes };

/// The shapes of all values that follow from `given` (inputs, and values that nothing in the graph gives) and
/// the constants, by ONNX's own rules for each operator. A node that is unknown to them, or at odds with
/// them, leaves its outputs to `declared`, or without a shape.
Shapes trace_shapes(const Network& network, const Shapes& given, const Shapes& declared,
                    UnknownOperators unknown);

}  // namespace mj
