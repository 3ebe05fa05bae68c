#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "network/dataflow.h"
#include "runtime/torch/graph.h"
#include "runtime/torch/tensors.h"

namespace mj {
namespace {

const MacLayer* layer_that_reads(const Network& network, std::string_view value) {
  const auto reads = [&](const MacLayer& layer) { return layer.weights == value || layer.bias == value; };
  const auto found = std::find_if(network.layers.begin(), network.layers.end(), reads);
  return found == network.layers.end() ? nullptr : &*found;
}

[[noreturn]] void reject_missing(const Network& network, const std::string& value, const std::string& place) {
  if (const MacLayer* layer = layer_that_reads(network, value)) {
    throw InputError(network.file, fmt::format("layer '{}'", layer->name),
                     fmt::format("has no values for '{}'", value),
                     "the model must contain its weights to be executed");
  }
  throw InputError(network.file, place, fmt::format("has no values for '{}'", value),
                   "it must be an input, a constant or the output of an earlier node");
}

bool has_values(const Tensor& tensor) {
  const auto count = is_floating(tensor.type) ? tensor.floats.size() : tensor.integers.size();
  return checked_element_count(tensor.shape) == static_cast<int64_t>(count);
}

class GraphBuilder {
 public:
  explicit GraphBuilder(const Network& network) : network_(network), flow_(trace_dataflow(network)) {}

  Graph build() {
    graph_.file = network_.file;
    for (const auto& [name, tensor] : network_.constants) {
      graph_.constants[add_slot(name)] = has_values(tensor) ? arrange(name, tensor) : at::Tensor();
      missing_[graph_.slots.at(name)] = !has_values(tensor);
    }
    for (const Value& input : network_.inputs) {
      graph_.inputs.push_back(add_slot(input.name));
    }
    if (!network_.inputs.empty() && !network_.inputs[0].shape.empty()) {
      graph_.declared_batch = std::max<int64_t>(network_.inputs[0].shape[0], 1);
    }
    for (const Node& node : network_.nodes) {
      add_step(node);
    }
    for (const Value& output : network_.outputs) {
      graph_.outputs.push_back(find_slot(output.name, fmt::format("output '{}'", output.name)));
    }
    return std::move(graph_);
  }

 private:
  Slot add_slot(const std::string& name) {
    const auto [entry, is_new] = graph_.slots.emplace(name, graph_.slots.size());
    if (is_new) {
      graph_.constants.emplace_back();
      missing_.push_back(false);
    }
    return entry->second;
  }

  Slot find_slot(const std::string& name, const std::string& place) {
    const auto found = graph_.slots.find(name);
    if (found == graph_.slots.end() || missing_[found->second]) {
      reject_missing(network_, name, place);
    }
    return found->second;
  }

  /// Filters in the memory order that convolutions are fastest with.
  at::Tensor arrange(const std::string& name, const Tensor& tensor) {
    const auto values = to_torch(tensor);
    const MacLayer* layer = values.dim() == 4 ? layer_that_reads(network_, name) : nullptr;
    const bool filters = layer != nullptr && layer->op == "Conv";
    return filters ? values.contiguous(at::MemoryFormat::ChannelsLast) : values;
  }

  void add_step(const Node& node) {
    const auto place = place_of_node(node);
    // What Constant nodes give stands among the constants already.
    if (node.op == "Constant" && !node.outputs.empty() && graph_.slots.contains(node.outputs[0])) {
      return;
    }
    const Operator* found = find_operator(node.domain, node.op);
    if (found == nullptr) {
      const auto domain = node.domain.empty() ? "" : node.domain + ".";
      throw InputError(
          network_.file, place,
          fmt::format("operator {}{} of opset {} cannot be executed", domain, node.op, network_.opset), "");
    }
    Step step{static_cast<std::size_t>(&node - network_.nodes.data()), place, {}, {}, {}};
    for (const auto& input : node.inputs) {
      step.inputs.push_back(input.empty() ? no_slot : find_slot(input, place));
    }
    step.kernel = found->translate(NodeReader(network_, node, folded_));
    for (const auto& output : node.outputs) {
      // Batch norms of old opsets name outputs of training that nothing reads.
      const bool is_wanted = &output == node.outputs.data() || is_used(flow_, output);
      step.outputs.push_back(output.empty() || !is_wanted ? no_slot : add_slot(output));
    }
    if (fold(step)) {
      folded_.insert(node.outputs.begin(), node.outputs.end());
    } else {
      graph_.steps.push_back(std::move(step));
    }
  }

  bool is_whole_constant(Slot slot) const {
    return slot == no_slot || (graph_.constants[slot].defined() &&
                               at::isIntegralType(graph_.constants[slot].scalar_type(), true));
  }

  /// Computes now what whole numbers give: shapes and indices. Floats may be trained, and are left.
  bool fold(const Step& step) {
    constexpr int64_t most_folded = 1024;
    if (!std::all_of(step.inputs.begin(), step.inputs.end(),
                     [&](Slot slot) { return is_whole_constant(slot); })) {
      return false;
    }
    Operands operands;
    for (const Slot slot : step.inputs) {
      operands.push_back(slot == no_slot ? at::Tensor() : graph_.constants[slot]);
    }
    Operands results;
    try {
      results = step.kernel(operands, {graph_.declared_batch, graph_.declared_batch});
    } catch (const c10::Error&) {
      return false;  // The step says so when it runs.
    }
    const auto is_small = [](const at::Tensor& result) {
      return at::isIntegralType(result.scalar_type(), true) && result.numel() <= most_folded;
    };
    if (results.size() < step.outputs.size() || !std::all_of(results.begin(), results.end(), is_small)) {
      return false;
    }
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] != no_slot) {
        graph_.constants[step.outputs[i]] = results[i];
      }
    }
    return true;
  }

  const Network& network_;
  Dataflow flow_;
  Graph graph_;
  std::set<std::string, std::less<>> folded_;
  std::vector<bool> missing_;  ///< by slot: declared, but without values
};

}  // namespace

namespace {

/// Puts batch norms and ReLUs directly behind the step whose value they alone read, so that a cut in front of
/// any layer leaves what is computed together on one side.
std::vector<Step> with_followers_behind(const Network& network, const Graph& graph) {
  std::map<Slot, std::vector<std::size_t>> readers;
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    for (const Slot slot : graph.steps[i].inputs) {
      readers[slot].push_back(i);
    }
  }
  const auto follows = [&](const Step& step, Slot value) {
    const std::string& op = network.nodes[step.node].op;
    return (op == "BatchNormalization" || op == "Relu") && step.inputs[0] == value &&
           std::all_of(step.inputs.begin() + 1, step.inputs.end(),
                       [&](Slot slot) { return slot == no_slot || graph.constants[slot].defined(); });
  };
  std::vector<bool> placed(graph.steps.size());
  std::vector<Step> steps;
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    for (std::size_t next = i; !placed[next];) {
      placed[next] = true;
      steps.push_back(graph.steps[next]);
      const Slot value = graph.steps[next].outputs[0];
      const auto of_value = readers.find(value);
      if (of_value != readers.end() && of_value->second.size() == 1 &&
          follows(graph.steps[of_value->second[0]], value)) {
        next = of_value->second[0];
      }
    }
  }
  return steps;
}

}  // namespace

Graph build_graph(const Network& network) {
  Graph graph = GraphBuilder(network).build();
  graph.steps = with_followers_behind(network, graph);
  return graph;
}

}  // namespace mj
