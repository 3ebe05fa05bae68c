#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "network/layer_rules.h"

namespace mj {
namespace {

/// Sizes of inputs that are not fixed, for the remedy: a layer of unknown shape mostly comes from them.
std::string free_inputs(const Network& network) {
  std::string text;
  for (const Value& input : network.inputs) {
    const bool fixed = !input.shape.empty() && std::all_of(input.shape.begin() + 1, input.shape.end(),
                                                           [](int64_t size) { return size >= 0; });
    if (!fixed) {
      text += (text.empty() ? "" : ", ") + ("'" + input.name + "' ") +
              (input.shape.empty() ? "without a shape" : to_string(input.shape));
    }
  }
  return text;
}

std::optional<LayerRule> rule_for(const Network& network, const Dataflow& flow, const Node& node) {
  if (!node.domain.empty()) {
    return std::nullopt;
  }
  if (node.op == "Conv") {
    return convolution_rule(network, node);
  }
  if (node.op == "Gemm") {
    return gemm_rule(network, flow, node);
  }
  return node.op == "MatMul" ? matmul_rule(network, flow, node) : std::nullopt;
}

/// The constant with one value for each of the layer's outputs, along its last dimension; empty where the
/// operand is something else.
std::string as_bias(const Network& network, const Dataflow& flow, const std::string& operand,
                    const LayerShape& shape) {
  const std::string value = find_weight_source(flow, operand).value;
  const auto constant = network.constants.find(value);
  if (constant == network.constants.end() || !is_floating(constant->second.type)) {
    return {};
  }
  const Shape& sizes = constant->second.shape;
  const int64_t outputs = shape.groups * shape.k;
  const bool fits = !sizes.empty() && sizes.back() == outputs && element_count(sizes) == outputs;
  return fits ? value : std::string();
}

/// Of a Gemm; 1 where it has none.
float factor_of(const Node& node, std::string_view name) {
  const auto* factor = node.op == "Gemm" ? find_attribute<float>(node, name) : nullptr;
  return factor == nullptr ? 1 : *factor;
}

std::string find_bias(const Network& network, const Dataflow& flow, const Node& node, const LayerRule& rule) {
  if (rule.layout == WeightLayout::none) {
    return {};
  }
  if (const Node* add = following_bias_add(network, flow, node); add != nullptr) {
    return as_bias(network, flow, add->inputs[add->inputs[0] == node.outputs[0] ? 1 : 0], rule.shape);
  }
  return node.inputs.size() > 2 && factor_of(node, "beta") != 0
             ? as_bias(network, flow, node.inputs[2], rule.shape)
             : std::string();
}

/// The width of what a DequantizeLinear with these operands reads: that of its value or its zero point where
/// one is a constant, else the standard's default.
int quantized_bits(const Network& network, const std::vector<std::string>& operands) {
  constexpr int by_default = 8;
  for (const std::size_t operand : {0U, 2U}) {
    if (operand < operands.size()) {
      const auto constant = network.constants.find(operands[operand]);
      if (constant != network.constants.end()) {
        return bit_width(constant->second.type);
      }
    }
  }
  return by_default;
}

/// The weights are named where their values are, with the layout that they have there.
void set_weights(const Network& network, MacLayer& layer, const Dataflow& flow, const std::string& operand,
                 WeightLayout layout) {
  layer.weights = operand;
  layer.layout = layout;
  if (layout == WeightLayout::none) {
    return;
  }
  WeightSource source = find_weight_source(flow, operand);
  if (source.dequantize != nullptr) {
    const auto& inputs = source.dequantize->inputs;
    layer.weight_zero_point = inputs.size() > 2 ? inputs[2] : std::string();
    layer.weight_bits = quantized_bits(network, inputs);
  }
  layer.weights = std::move(source.value);
  if (source.is_transposed) {
    layer.layout =
        layout == WeightLayout::output_first ? WeightLayout::input_first : WeightLayout::output_first;
  }
}

MacLayer make_layer(const Network& network, const Dataflow& flow, std::size_t index, const LayerRule& rule) {
  const Node& node = network.nodes[index];
  if (!is_countable(rule.shape)) {
    reject(network, node, "is larger than can be counted", "a layer must have at most 2^53 MACs and words");
  }
  MacLayer layer;
  layer.name = node.name.empty() ? node.outputs.front() : node.name;
  layer.op = node.op;
  layer.node = index;
  layer.input = node.inputs[0];
  layer.bias = find_bias(network, flow, node, rule);
  layer.weight_factor = factor_of(node, "alpha");
  layer.bias_factor = factor_of(node, "beta");
  layer.output = node.outputs.front();
  layer.stored_output = find_stored_output(network, flow, node);
  set_weights(network, layer, flow, node.inputs[1], rule.layout);
  const auto feeder = flow.producers.find(layer.input);
  if (feeder != flow.producers.end() && is_dequantize(*feeder->second)) {
    layer.activation_bits = quantized_bits(network, feeder->second->inputs);
  }

  layer.shape = rule.shape;
  return layer;
}

/// The first layer of a name keeps it, the others get the next free number.
std::string make_unique(const std::string& name, std::unordered_map<std::string, int>& uses) {
  std::string unique = name;
  while (uses.contains(unique)) {
    unique = name + "_" + std::to_string(++uses[name]);
  }
  uses.emplace(unique, 1);
  return unique;
}

}  // namespace

void reject(const Network& network, const Node& node, const std::string& problem, const std::string& remedy) {
  throw InputError(network.file, place_of(node), problem, remedy);
}

const Shape& operand_shape(const Network& network, const Node& node, std::size_t operand) {
  if (operand >= node.inputs.size() || node.inputs[operand].empty() || node.outputs.empty() ||
      node.outputs.front().empty()) {
    reject(network, node, "has too few inputs or no output", "it must have an input, weights and an output");
  }
  const std::string& value = node.inputs[operand];
  const Shape* shape = find_shape(network, value);
  const auto outside = [](int64_t size) { return size < 1 || size > largest_size; };
  if (shape != nullptr && std::none_of(shape->begin(), shape->end(), outside)) {
    return *shape;
  }
  const bool unknown =
      shape == nullptr || std::any_of(shape->begin(), shape->end(), [](int64_t size) { return size < 0; });
  if (!unknown) {
    reject(network, node, "reads '" + value + "' of size " + to_string(*shape),
           "sizes must be between 1 and " + std::to_string(largest_size));
  }
  const std::string free = free_inputs(network);
  reject(network, node,
         "reads '" + value + "', whose size is not known" +
             (shape == nullptr ? std::string() : " (" + to_string(*shape) + ")"),
         free.empty() ? "the model must fix it" : "give the model's inputs fixed sizes (now " + free + ")");
}

void find_mac_layers(Network& network) {
  const Dataflow flow = trace_dataflow(network);
  std::vector<MacLayer> layers;
  std::unordered_map<std::string, int> uses;
  std::unordered_set<std::string_view> behind_layer;
  for (std::size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    const bool is_behind = std::any_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
      return behind_layer.contains(input);
    });
    const std::optional<LayerRule> rule = rule_for(network, flow, node);
    if (rule.has_value()) {
      layers.push_back(make_layer(network, flow, i, *rule));
      layers.back().reads_network_input = !is_behind;
      layers.back().name = make_unique(layers.back().name, uses);
    }
    if (rule.has_value() || is_behind) {
      behind_layer.insert(node.outputs.begin(), node.outputs.end());
    }
  }
  network.layers = std::move(layers);
}

}  // namespace mj
