#pragma once

#include <span>
#include <string_view>

#include "network/network.h"

namespace mj {

/// ONNX's operators that the runtime module executes, in alphabetical order. The list stands here so that it
/// can be asked without loading the module.
std::span<const std::string_view> executable_operators();

bool is_executable(const Node& node);

}  // namespace mj
