#include "onnx/graph_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/error.h"

namespace mj {
namespace {

using Names = std::unordered_set<std::string_view>;

std::vector<std::string_view> captured_values(const onnx::NodeProto& node);

/// Values that a subgraph reads from outside.
std::vector<std::string_view> captured_values(const onnx::GraphProto& body) {
  Names own;
  std::vector<std::string_view> read;
  for (const onnx::ValueInfoProto& input : body.input()) {
    own.insert(input.name());
  }
  for (const onnx::TensorProto& tensor : body.initializer()) {
    own.insert(tensor.name());
  }
  for (const onnx::NodeProto& node : body.node()) {
    own.insert(node.output().begin(), node.output().end());
    read.insert(read.end(), node.input().begin(), node.input().end());
    const std::vector<std::string_view> inner = captured_values(node);
    read.insert(read.end(), inner.begin(), inner.end());
  }
  for (const onnx::ValueInfoProto& output : body.output()) {
    read.push_back(output.name());
  }
  std::erase_if(read, [&](std::string_view name) { return own.contains(name); });
  return read;
}

std::vector<std::string_view> captured_values(const onnx::NodeProto& node) {
  std::vector<std::string_view> captured;
  const auto add = [&](const onnx::GraphProto& body) {
    const std::vector<std::string_view> names = captured_values(body);
    captured.insert(captured.end(), names.begin(), names.end());
  };
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) {
      add(attribute.g());
    }
    std::for_each(attribute.graphs().begin(), attribute.graphs().end(), add);
  }
  return captured;
}

/// Names that are given from outside the nodes.
Names given_values(const onnx::GraphProto& graph, const std::string& file) {
  Names inputs;
  Names initializers;
  const auto add = [&](Names& names, const std::string& name, const char* kind) {
    if (name.empty()) {
      throw InputError(file, "", std::string("has an ") + kind + " without a name", "each must have one");
    }
    if (!names.insert(name).second) {
      throw InputError(file, "", std::string("has two ") + kind + "s named '" + name + "'",
                       "names must be unique");
    }
  };
  for (const onnx::ValueInfoProto& input : graph.input()) {
    add(inputs, input.name(), "input");
  }
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    add(initializers, tensor.name(), "initializer");
  }
  for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer()) {
    add(initializers, tensor.values().name(), "initializer");
  }
  initializers.merge(inputs);
  return initializers;
}

/// The nodes' dependencies on each other.
struct Order {
  std::unordered_map<std::string_view, int> producers;
  std::vector<std::vector<int>> sources;  ///< of each node, with repetitions
};

Order find_dependencies(const onnx::GraphProto& graph, const Names& given, const std::string& file) {
  Order order;
  for (int i = 0; i < graph.node_size(); ++i) {
    for (const std::string& output : graph.node(i).output()) {
      if (!output.empty() && (given.contains(output) || !order.producers.emplace(output, i).second)) {
        throw InputError(file, place_of(graph.node(i)),
                         "gives '" + output + "', which something else gives too",
                         "each value must have one source");
      }
    }
  }
  for (const onnx::NodeProto& node : graph.node()) {
    std::vector<int>& sources = order.sources.emplace_back();
    for (const std::string& input : node.input()) {
      if (const auto found = order.producers.find(input); found != order.producers.end()) {
        sources.push_back(found->second);
      } else if (!input.empty() && !given.contains(input)) {
        throw InputError(file, place_of(node), "reads '" + input + "', which nothing gives",
                         "it must be an input, an initializer or another node's output");
      }
    }
    for (const std::string_view name : captured_values(node)) {
      if (const auto found = order.producers.find(name); found != order.producers.end()) {
        sources.push_back(found->second);
      }
    }
  }
  for (const onnx::ValueInfoProto& output : graph.output()) {
    if (!order.producers.contains(output.name()) && !given.contains(output.name())) {
      throw InputError(file, "output '" + output.name() + "'", "is given by nothing",
                       "it must be a node's output");
    }
  }
  return order;
}

/// Kahn's algorithm; of the nodes that are ready the first in the file goes first. Nodes on cycles and behind
/// them are missing.
std::vector<int> topological_order(const std::vector<std::vector<int>>& sources) {
  std::vector<std::vector<int>> readers(sources.size());
  std::vector<std::size_t> missing(sources.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    missing[i] = sources[i].size();
    if (sources[i].empty()) {
      ready.push(static_cast<int>(i));
    }
    for (const int source : sources[i]) {
      readers[static_cast<std::size_t>(source)].push_back(static_cast<int>(i));
    }
  }
  std::vector<int> order;
  while (!ready.empty()) {
    const int node = ready.top();
    ready.pop();
    order.push_back(node);
    for (const int reader : readers[static_cast<std::size_t>(node)]) {
      if (--missing[static_cast<std::size_t>(reader)] == 0) {
        ready.push(reader);
      }
    }
  }
  return order;
}

/// A node on a cycle: each left node has a left source, so going from source to source ends in one.
int node_on_cycle(const std::vector<std::vector<int>>& sources, const std::vector<int>& ordered) {
  std::vector<bool> left(sources.size(), true);
  for (const int node : ordered) {
    left[static_cast<std::size_t>(node)] = false;
  }
  auto node = static_cast<int>(std::find(left.begin(), left.end(), true) - left.begin());
  for (std::size_t step = 0; step < sources.size(); ++step) {
    const std::vector<int>& from = sources[static_cast<std::size_t>(node)];
    node = *std::find_if(from.begin(), from.end(),
                         [&](int source) { return left[static_cast<std::size_t>(source)]; });
  }
  return node;
}

}  // namespace

std::string place_of(const onnx::NodeProto& node) {
  if (!node.name().empty()) {
    return "node '" + node.name() + "' (" + node.op_type() + ")";
  }
  return node.op_type() + " node" + (node.output().empty() ? "" : " that gives '" + node.output(0) + "'");
}

void check_and_sort(onnx::GraphProto& graph, const std::string& file) {
  const Names given = given_values(graph, file);
  const Order dependencies = find_dependencies(graph, given, file);
  const std::vector<int> order = topological_order(dependencies.sources);
  if (order.size() != dependencies.sources.size()) {
    const int node = node_on_cycle(dependencies.sources, order);
    throw InputError(file, place_of(graph.node(node)), "depends on its own output",
                     "the graph must have no cycle");
  }
  if (std::is_sorted(order.begin(), order.end())) {
    return;
  }
  google::protobuf::RepeatedPtrField<onnx::NodeProto> sorted;
  for (const int node : order) {
    sorted.Add()->Swap(graph.mutable_node(node));
  }
  graph.mutable_node()->Swap(&sorted);
}

}  // namespace mj
