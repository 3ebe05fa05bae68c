#include "search/other_operators.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "network/dataflow.h"
#include "search/operator_nests.h"

namespace mj {
namespace {

constexpr std::array<std::string_view, 8> views{"Dropout", "Flatten", "Identity", "Reshape",
                                                "Size",    "Shape",   "Squeeze",  "Unsqueeze"};

bool is_view(const Node& node) {
  return std::find(views.begin(), views.end(), node.op) != views.end();
}

/// Values that hold images' data, not shapes made from them.
std::unordered_set<std::string_view> data_values(const Network& network) {
  std::unordered_set<std::string_view> values;
  for (const Value& input : network.inputs) {
    values.insert(input.name);
  }
  for (const Node& node : network.nodes) {
    const bool reads_data = std::any_of(node.inputs.begin(), node.inputs.end(),
                                        [&](const std::string& input) { return values.contains(input); });
    if (reads_data && node.op != "Shape" && node.op != "Size") {
      values.insert(node.outputs.begin(), node.outputs.end());
    }
  }
  values.erase("");
  return values;
}

/// What MAC layers do: their own nodes, and those on the way to the stored output.
std::unordered_set<const Node*> layer_nodes(const Network& network) {
  const Dataflow flow = trace_dataflow(network);
  std::unordered_set<const Node*> nodes;
  for (const MacLayer& layer : network.layers) {
    nodes.insert(&network.nodes[layer.node]);
    std::string_view value = layer.output;
    while (value != layer.stored_output) {
      const Node* next = single_reader(network, flow, value);
      if (next == nullptr) {
        break;
      }
      nodes.insert(next);
      value = next->outputs.front();
    }
  }
  return nodes;
}

/// nullopt where a size is not known.
std::optional<double> moved_words(const Network& network, const std::vector<std::string>& names,
                                  const std::unordered_set<std::string_view>& data) {
  double words = 0;
  for (const std::string& name : names) {
    if (!data.contains(name)) {
      continue;
    }
    const Shape* shape = find_shape(network, name);
    const auto count = shape == nullptr ? std::nullopt : checked_element_count(*shape);
    if (!count) {
      return std::nullopt;
    }
    words += static_cast<double>(*count);
  }
  return words;
}

/// Once through memory and the level next to it.
WayPrices prices_through_buffer(const Accelerator& accelerator, int bits) {
  WayPrices prices;
  const double share = static_cast<double>(bits) / accelerator.word_bits;
  for (std::size_t level = 0; level < accelerator.levels.size() && level < 2; ++level) {
    prices.in += accelerator.levels[level].read_energy * share;
    prices.out += accelerator.levels[level].write_energy * share;
  }
  return prices;
}

}  // namespace

std::vector<OtherOperator> price_other_operators(const Network& network, const Accelerator& accelerator,
                                                 int64_t batch, int bits) {
  const auto data = data_values(network);
  const auto by_layers = layer_nodes(network);
  const bool has_nests = accelerator.dataflow.empty();
  const WayPrices through_all = has_nests ? element_wise_prices(accelerator, bits) : WayPrices{};
  const WayPrices through_buffer = prices_through_buffer(accelerator, bits);
  std::vector<OtherOperator> others;
  for (const Node& node : network.nodes) {
    if (by_layers.contains(&node) || is_view(node)) {
      continue;
    }
    const auto read = moved_words(network, node.inputs, data);
    const auto written = moved_words(network, node.outputs, data);
    if (!read || !written || *read == 0) {
      continue;
    }
    OtherOperator other{node.name.empty() ? node.outputs.front() : node.name, node.op};
    const auto images = static_cast<double>(batch);
    const auto pooled = has_nests ? map_pooling(network, node, accelerator, batch, bits) : std::nullopt;
    if (pooled) {
      other.read = Words{pooled->read};
      other.written = Words{pooled->written};
      other.energy = Energy{pooled->energy / images};
    } else {
      const WayPrices& prices = has_nests && is_element_wise(node) ? through_all : through_buffer;
      other.read = Words{*read * images};
      other.written = Words{*written * images};
      other.energy = Energy{*read * prices.in + *written * prices.out};
    }
    others.push_back(other);
  }
  return others;
}

}  // namespace mj
