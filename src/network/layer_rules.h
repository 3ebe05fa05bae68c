#pragma once

#include <optional>
#include <string>

#include "network/dataflow.h"
#include "network/network.h"

namespace mj {

/// Sizes beyond this are refused, so that no sum or product of two overflows.
constexpr int64_t largest_size = (int64_t{1} << 31) - 1;

/// What an operator makes of a MAC layer.
struct LayerRule {
  LayerShape shape;
  WeightLayout layout = WeightLayout::output_first;
};

/// nullopt for a convolution over three or more dimensions. Throws InputError like the others here.
std::optional<LayerRule> convolution_rule(const Network& network, const Node& node);
LayerRule gemm_rule(const Network& network, const Dataflow& flow, const Node& node);
/// nullopt where no operand depends on the data.
std::optional<LayerRule> matmul_rule(const Network& network, const Dataflow& flow, const Node& node);

[[noreturn]] void reject(const Network& network, const Node& node, const std::string& problem,
                         const std::string& remedy);

/// The shape of a node's operand, every size known and positive. Throws InputError where it is not.
const Shape& operand_shape(const Network& network, const Node& node, std::size_t operand);

}  // namespace mj
