#include "search/operator_nests.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "search/search_nest.h"

namespace mj {
namespace {

constexpr std::array<std::string_view, 30> element_wise{
    "Abs",   "Add",         "Ceil", "Clip", "Cos",       "Div",       "Elu",  "Erf",  "Exp",  "Floor",
    "Gelu",  "HardSigmoid", "Log",  "Max",  "HardSwish", "LeakyRelu", "Min",  "Mish", "Mul",  "Neg",
    "PRelu", "Pow",         "Relu", "Selu", "Sigmoid",   "Softplus",  "Sqrt", "Sub",  "Tanh", "Where"};

constexpr double most_seconds = 10;  ///< as for a layer; the best so far is taken then

/// A problem whose weights are held nowhere and cost nothing.
NestProblem without_weights(const LayerShape& shape, const Accelerator& accelerator, int bits) {
  NestProblem problem;
  problem.shape = shape;
  problem.levels = accelerator.levels;
  problem.prices = plain_prices(accelerator, 0);
  const double width = static_cast<double>(bits) / accelerator.word_bits;
  for (std::size_t level = 0; level < problem.levels.size(); ++level) {
    problem.levels[level].holds[Operand::weights] = false;
    for (OperandPrices& price : problem.prices.levels[level].values) {
      price = {price.read * width, price.fill * width, price.update * width, price.drain * width,
               price.crossing * width};
    }
    problem.prices.levels[level][Operand::weights] = {};
  }
  return problem;
}

/// An attribute's two values, or `otherwise` where there is none.
std::optional<std::array<int64_t, 2>> two_of(const Node& node, std::string_view name,
                                             std::array<int64_t, 2> otherwise) {
  const auto* given = find_attribute<std::vector<int64_t>>(node, name);
  if (given == nullptr) {
    return otherwise;
  }
  const bool is_valid = given->size() == 2 && (*given)[0] > 0 && (*given)[1] > 0;
  return is_valid ? std::optional(std::array{(*given)[0], (*given)[1]}) : std::nullopt;
}

/// One channel of a pooling, and how many there are at `groups`.
std::optional<LayerShape> pooling_shape(const Network& network, const Node& node, int64_t batch) {
  const bool is_global = node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool";
  if ((!is_global && node.op != "MaxPool" && node.op != "AveragePool") || node.inputs.empty()) {
    return std::nullopt;
  }
  const Shape* in = find_shape(network, node.inputs.front());
  const Shape* out = find_shape(network, node.outputs.front());
  if (in == nullptr || out == nullptr || in->size() != 4 || out->size() != 4 ||
      std::any_of(in->begin() + 1, in->end(), [](int64_t size) { return size < 1; }) ||
      std::any_of(out->begin() + 1, out->end(), [](int64_t size) { return size < 1; })) {
    return std::nullopt;
  }
  const auto window = is_global ? std::array{(*in)[2], (*in)[3]} : two_of(node, "kernel_shape", {0, 0});
  const auto stride = two_of(node, "strides", {1, 1});
  const auto dilation = two_of(node, "dilations", {1, 1});
  if (!window || !stride || !dilation || (*window)[0] < 1) {
    return std::nullopt;
  }
  LayerShape shape;
  shape.n = batch;
  shape.groups = (*in)[1];
  shape.p = (*out)[2];
  shape.q = (*out)[3];
  shape.r = (*window)[0];
  shape.s = (*window)[1];
  shape.stride = *stride;
  shape.dilation = *dilation;
  shape.height = (*in)[2];
  shape.width = (*in)[3];
  return shape;
}

}  // namespace

std::optional<OperatorMoves> map_pooling(const Network& network, const Node& node,
                                         const Accelerator& accelerator, int64_t batch, int bits) {
  auto shape = pooling_shape(network, node, batch);
  if (!shape) {
    return std::nullopt;
  }
  const auto groups = static_cast<double>(shape->groups);
  shape->groups = 1;
  const NestProblem problem = without_weights(*shape, accelerator, bits);
  const auto best = search_nest(problem, {.seconds = most_seconds});
  if (!best) {
    return std::nullopt;
  }
  const NestCounts counts = count_nest(problem.shape, problem.levels, best->nest, problem.counting);
  const PerOperand<OperandCounts>& memory = counts.levels.front();
  return OperatorMoves{groups * (memory[Operand::inputs].reads + memory[Operand::outputs].reads),
                       groups * memory[Operand::outputs].updates, groups * best->energy};
}

bool is_element_wise(const Node& node) {
  return std::find(element_wise.begin(), element_wise.end(), node.op) != element_wise.end();
}

WayPrices element_wise_prices(const Accelerator& accelerator, int bits) {
  const NestProblem problem = without_weights(LayerShape{}, accelerator, bits);
  LoopNest nest;
  nest.levels.resize(problem.levels.size());
  const NestCounts counts = count_nest(problem.shape, problem.levels, nest, problem.counting);
  const auto price_of = [&](Operand free) {
    NestPrices prices = problem.prices;
    for (auto& level : prices.levels) {
      level[free] = {};
    }
    return price_nest(counts, problem.levels, prices);
  };
  return {price_of(Operand::outputs), price_of(Operand::inputs)};
}

}  // namespace mj
