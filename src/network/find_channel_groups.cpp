#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "network/channels.h"
#include "network/dataflow.h"
#include "network/weights.h"

namespace mj {
namespace {

/// Part of a value's channels (axis 1): a group's, each `repeat` times in a row.
struct Segment {
  std::size_t group = 0;
  int64_t repeat = 1;
};
using Layout = std::vector<Segment>;

constexpr std::array<std::string_view, 25> channelwise{"Abs",
                                                       "AveragePool",
                                                       "Cast",
                                                       "Ceil",
                                                       "Clip",
                                                       "Dropout",
                                                       "Elu",
                                                       "Erf",
                                                       "Exp",
                                                       "Floor",
                                                       "GlobalAveragePool",
                                                       "GlobalMaxPool",
                                                       "HardSigmoid",
                                                       "HardSwish",
                                                       "Identity",
                                                       "LeakyRelu",
                                                       "Log",
                                                       "MaxPool",
                                                       "Neg",
                                                       "Relu",
                                                       "Selu",
                                                       "Sigmoid",
                                                       "Softplus",
                                                       "Sqrt",
                                                       "Tanh"};
constexpr std::array<std::string_view, 7> pairwise{"Add", "Div", "Max", "Min", "Mul", "Sub", "Sum"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Tracer {
 public:
  explicit Tracer(const Network& network) : network_(network), flow_(trace_dataflow(network)) {
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      layers_.emplace(&network.nodes[network.layers[l].node], l);
    }
  }

  std::vector<ChannelGroup> run() {
    for (const Node& node : network_.nodes) {
      visit(node);
    }
    for (const Value& output : network_.outputs) {
      fix(output.name);
    }
    return collect();
  }

 private:
  std::size_t root(std::size_t group) const {
    while (parents_[group] != group) {
      group = parents_[group];
    }
    return group;
  }

  std::size_t new_group(int64_t channels) {
    parents_.push_back(parents_.size());
    fixed_.push_back(false);
    groups_.push_back({.channels = channels});
    return parents_.back();
  }

  const Layout* layout(const std::string& value) const {
    const auto found = layouts_.find(value);
    return found == layouts_.end() ? nullptr : &found->second;
  }

  const Tensor* constant(const std::string& value) const {
    const auto found = network_.constants.find(value);
    return found == network_.constants.end() ? nullptr : &found->second;
  }

  void fix(const Layout& channels) {
    for (const Segment& segment : channels) {
      fixed_[segment.group] = true;
    }
  }

  void fix(const std::string& value) {
    if (const Layout* channels = layout(value)) {
      fix(*channels);
    }
  }

  void fix_all(const Node& node) {
    for (const std::string& input : node.inputs) {
      fix(input);
    }
  }

  int64_t count(const Layout& channels) const {
    int64_t sum = 0;
    for (const Segment& segment : channels) {
      sum += groups_[segment.group].channels * segment.repeat;
    }
    return sum;
  }

  /// Channels along an axis of a constant that only this node reads.
  void place(const Layout& channels, const std::string& name, std::size_t axis) {
    const Tensor* tensor = constant(name);
    const auto readers = flow_.readers.find(name);
    if (tensor == nullptr || !is_floating(tensor->type) || readers->second.size() != 1 ||
        axis >= tensor->shape.size() || tensor->shape[axis] != count(channels)) {
      fix(channels);
      return;
    }
    int64_t first = 0;
    for (const Segment& segment : channels) {
      groups_[segment.group].places.push_back({name, axis, first, segment.repeat});
      first += groups_[segment.group].channels * segment.repeat;
    }
  }

  void tie(const Layout& a, const Layout& b) {
    const bool alike =
        a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](auto& x, auto& y) {
          return x.repeat == y.repeat && groups_[x.group].channels == groups_[y.group].channels;
        });
    if (!alike) {
      fix(a);
      fix(b);
      return;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      parents_[root(b[i].group)] = root(a[i].group);
    }
  }

  void visit(const Node& node) {
    const auto layer = layers_.find(&node);
    const bool plain =
        node.domain.empty() && !node.inputs.empty() && !node.outputs.empty() && !has_second_output(node);
    if (!plain) {
      fix_all(node);
    } else if (layer != layers_.end()) {
      visit_layer(node, layer->second);
    } else if (is_one_of(channelwise, node.op)) {
      pass_on(node);
    } else if (is_one_of(pairwise, node.op)) {
      visit_pair(node);
    } else {
      visit_other(node);
    }
  }

  bool has_second_output(const Node& node) const {
    return std::any_of(node.outputs.begin() + 1, node.outputs.end(),
                       [&](const std::string& output) { return is_used(flow_, output); });
  }

  void pass_on(const Node& node) {
    if (const Layout* channels = layout(node.inputs[0])) {
      layouts_.emplace(node.outputs[0], Layout(*channels));
    }
  }

  void visit_other(const Node& node) {
    if (node.op == "Concat") {
      visit_concat(node);
      return;
    }
    const Layout* channels = node.inputs.empty() ? nullptr : layout(node.inputs[0]);
    if (channels == nullptr) {
      fix_all(node);
      return;
    }
    if (node.op == "BatchNormalization") {
      visit_batch_norm(node, Layout(*channels));
    } else if (node.op == "PRelu") {
      visit_slopes(node, Layout(*channels));
    } else if (node.op == "Flatten" || node.op == "Reshape") {
      visit_flatten(node, *channels);
    } else if (changes_maps_alone(node)) {
      pass_on(node);
    } else if (node.op == "Shape" && tells_batch_alone(node)) {
      return;
    } else {
      fix_all(node);
    }
  }

  void visit_layer(const Node& node, std::size_t index) {
    const MacLayer& layer = network_.layers[index];
    const LayerShape& shape = layer.shape;
    const Layout* read = layout(layer.input);
    const Shape* output = find_shape(network_, layer.output);
    const bool is_plain = has_weights(network_, layer) && node.inputs.size() > 1 &&
                          node.inputs[1] == layer.weights && node.inputs[0] == layer.input &&
                          output != nullptr && (node.op == "Conv" || output->size() == 2);
    if (!is_plain) {
      fix_all(node);
      return;
    }
    const bool output_first = layer.layout == WeightLayout::output_first;
    if (shape.groups == 1) {
      if (read != nullptr) {
        note_reader(*read, index);
        place(*read, layer.weights, output_first ? 1 : 0);
      }
      const Layout given{{new_group(shape.k), 1}};
      groups_.back().givers.push_back(index);
      note_outputs(node, given, layer.weights, output_first ? 0 : 1);
    } else if (read != nullptr && shape.c == 1 && shape.k == 1) {
      for (const Segment& segment : *read) {
        groups_[segment.group].depthwise.push_back(index);
      }
      note_outputs(node, Layout(*read), layer.weights, 0);
    } else {
      fix_all(node);
    }
  }

  void note_reader(const Layout& channels, std::size_t layer) {
    int64_t first = 0;
    for (const Segment& segment : channels) {
      groups_[segment.group].readers.push_back({layer, first, segment.repeat});
      first += groups_[segment.group].channels * segment.repeat;
    }
  }

  void note_outputs(const Node& node, const Layout& given, const std::string& weights, std::size_t axis) {
    place(given, weights, axis);
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
      place_broadcast(given, node.inputs[2], node.op == "Conv" ? 1 : 2, node.op == "Conv" ? 0 : 1);
    }
    layouts_.emplace(node.outputs[0], given);
  }

  /// A constant that is broadcast over a value of `rank` dimensions with the channels along `axis`.
  void place_broadcast(const Layout& channels, const std::string& name, std::size_t rank, std::size_t axis) {
    const Tensor* tensor = constant(name);
    if (tensor == nullptr || tensor->shape.size() > rank) {
      fix(channels);
      return;
    }
    const std::size_t missing = rank - tensor->shape.size();
    if (axis >= missing && tensor->shape[axis - missing] != 1) {
      place(channels, name, axis - missing);
    }
  }

  void visit_pair(const Node& node) {
    // Before opset 7 an axis aligns the second operand.
    if (node.inputs.size() != 2 || find_attribute<int64_t>(node, "axis") != nullptr) {
      fix_all(node);
      return;
    }
    const Layout* a = layout(node.inputs[0]);
    const Layout* b = layout(node.inputs[1]);
    const Shape* shape = find_shape(network_, node.outputs[0]);
    if (shape == nullptr || (a == nullptr && b == nullptr)) {
      fix_all(node);
      return;
    }
    if (a != nullptr && b != nullptr) {
      const Shape* left = find_shape(network_, node.inputs[0]);
      const Shape* right = find_shape(network_, node.inputs[1]);
      if (left == nullptr || right == nullptr || left->size() != right->size()) {
        fix_all(node);
        return;
      }
      tie(*a, *b);
      layouts_.emplace(node.outputs[0], Layout(*a));
      return;
    }
    const Layout channels = a != nullptr ? *a : *b;
    const std::string& other = node.inputs[a != nullptr ? 1 : 0];
    if (const Node* unsqueeze = unsqueeze_of_constant(other, shape->size(), count(channels))) {
      place(channels, unsqueeze->inputs[0], 0);
    } else if (constant(other) == nullptr || shape->size() < 2) {
      fix(channels);
      return;
    } else {
      place_broadcast(channels, other, shape->size(), 1);
    }
    layouts_.emplace(node.outputs[0], channels);
  }

  /// The node that makes a list of constants, one for each channel, fit to be broadcast over a value of
  /// `rank` dimensions; nullptr where the operand is something else.
  const Node* unsqueeze_of_constant(const std::string& operand, std::size_t rank, int64_t channels) const {
    const auto producer = flow_.producers.find(operand);
    if (producer == flow_.producers.end() || producer->second->op != "Unsqueeze" ||
        flow_.readers.at(operand).size() != 1) {
      return nullptr;
    }
    const Tensor* values = constant(producer->second->inputs[0]);
    const Shape* shape = find_shape(network_, operand);
    const bool fits = values != nullptr && values->shape == Shape{channels} && shape != nullptr &&
                      shape->size() <= rank && shape->size() + 2 > rank &&
                      (*shape)[1 + shape->size() - rank] == channels;
    return fits ? producer->second : nullptr;
  }

  void visit_concat(const Node& node) {
    const int64_t* axis = find_attribute<int64_t>(node, "axis");
    const Shape* shape = find_shape(network_, node.outputs[0]);
    const bool is_of_channels =
        axis != nullptr && (*axis == 1 || (shape != nullptr && *axis + std::ssize(*shape) == 1));
    const bool all_known = std::all_of(node.inputs.begin(), node.inputs.end(),
                                       [&](const std::string& input) { return layout(input) != nullptr; });
    if (!is_of_channels || !all_known) {
      fix_all(node);
      return;
    }
    Layout channels;
    for (const std::string& input : node.inputs) {
      const Layout& part = *layout(input);
      channels.insert(channels.end(), part.begin(), part.end());
    }
    layouts_.emplace(node.outputs[0], std::move(channels));
  }

  void visit_batch_norm(const Node& node, const Layout& channels) {
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      place(channels, node.inputs[i], 0);
    }
    layouts_.emplace(node.outputs[0], channels);
  }

  void visit_slopes(const Node& node, const Layout& channels) {
    const Shape* shape = find_shape(network_, node.inputs[0]);
    const Shape* slopes = node.inputs.size() > 1 ? find_shape(network_, node.inputs[1]) : nullptr;
    if (shape == nullptr || slopes == nullptr) {
      fix(channels);
    } else if (network_.opset < 7 && slopes->size() == 1) {  // They belong to the channels.
      place_broadcast(channels, node.inputs[1], 1, 0);
    } else {
      place_broadcast(channels, node.inputs[1], shape->size(), 1);
    }
    layouts_.emplace(node.outputs[0], channels);
  }

  /// From maps to rows: a channel becomes as many values as a map has.
  void visit_flatten(const Node& node, const Layout& before) {
    Layout channels = before;
    const Shape* from = find_shape(network_, node.inputs[0]);
    const Shape* to = find_shape(network_, node.outputs[0]);
    const bool are_rows = from != nullptr && to != nullptr && from->size() >= 2 && to->size() == 2 &&
                          (*from)[0] == (*to)[0] && (*from)[1] == count(channels) &&
                          (*to)[1] % (*from)[1] == 0;
    if (!are_rows) {
      fix(channels);
      return;
    }
    for (Segment& segment : channels) {
      segment.repeat *= (*to)[1] / (*from)[1];
    }
    if (node.op == "Reshape" && !note_target(node, channels)) {
      fix(channels);
      return;
    }
    layouts_.emplace(node.outputs[0], std::move(channels));
  }

  /// Whether a Reshape's target will be right, or can be made so, with fewer channels.
  bool note_target(const Node& node, const Layout& channels) {
    const Tensor* target = node.inputs.size() > 1 ? constant(node.inputs[1]) : nullptr;
    if (target == nullptr && node.inputs.size() > 1) {
      return takes_the_rest(node.inputs[1]);
    }
    if (target == nullptr || target->integers.size() != 2) {
      return false;
    }
    if (target->integers[1] == -1) {
      return true;
    }
    if (target->integers[1] != count(channels) || flow_.readers.at(node.inputs[1]).size() != 1) {
      return false;
    }
    for (const Segment& segment : channels) {
      groups_[segment.group].counts.push_back({node.inputs[1], 1, segment.repeat});
    }
    return true;
  }

  /// Whether a node that reduces, drops, adds, cuts or pads axes does so behind the channels only.
  bool changes_maps_alone(const Node& node) const {
    if (node.op == "Pad") {
      return pads_behind_channels(node);
    }
    return ((node.op == "ReduceMean" || node.op == "Squeeze" || node.op == "Unsqueeze") &&
            keeps_channels(node, 1)) ||
           (node.op == "Slice" && keeps_channels(node, 3));
  }

  /// Whether a Pad leaves images and channels as many as they are.
  bool pads_behind_channels(const Node& node) const {
    const std::vector<int64_t> pads = list_of(node, "pads", 1);
    if (node.inputs.size() > 3 && !node.inputs[3].empty()) {
      return keeps_channels(node, 3);
    }
    const std::size_t axes = pads.size() / 2;
    return axes >= 2 && pads[0] == 0 && pads[1] == 0 && pads[axes] == 0 && pads[axes + 1] == 0;
  }

  /// Whether all that is read of a shape is how many images there are.
  bool tells_batch_alone(const Node& node) const {
    const auto readers = flow_.readers.find(node.outputs[0]);
    return readers != flow_.readers.end() && !flow_.graph_outputs.contains(node.outputs[0]) &&
           std::all_of(readers->second.begin(), readers->second.end(), [&](std::size_t reader) {
             const Node& gather = network_.nodes[reader];
             const Tensor* index = gather.inputs.size() > 1 ? constant(gather.inputs[1]) : nullptr;
             return gather.op == "Gather" && index != nullptr && !index->integers.empty() &&
                    std::all_of(index->integers.begin(), index->integers.end(),
                                [](int64_t each) { return each == 0; });
           });
  }

  /// Whether a Reshape's target is computed as (..., -1).
  bool takes_the_rest(const std::string& target) const {
    const auto producer = flow_.producers.find(target);
    if (producer == flow_.producers.end() || producer->second->op != "Concat" ||
        producer->second->inputs.size() != 2) {
      return false;
    }
    const Tensor* last = constant(producer->second->inputs[1]);
    return last != nullptr && last->integers == std::vector<int64_t>{-1};
  }

  /// What older opsets have as an attribute and newer ones as an operand; empty where it is no constant.
  std::vector<int64_t> list_of(const Node& node, std::string_view attribute, std::size_t operand) const {
    if (const auto* list = find_attribute<std::vector<int64_t>>(node, attribute)) {
      return *list;
    }
    const Tensor* input = node.inputs.size() > operand ? constant(node.inputs[operand]) : nullptr;
    return input != nullptr ? input->integers : std::vector<int64_t>();
  }

  /// Whether a node's axes are all behind the channels.
  bool keeps_channels(const Node& node, std::size_t operand) const {
    const std::vector<int64_t> axes = list_of(node, "axes", operand);
    const Shape* shape = find_shape(network_, node.op == "Unsqueeze" ? node.outputs[0] : node.inputs[0]);
    const auto is_behind = [&](int64_t axis) {
      return (axis < 0 ? axis + static_cast<int64_t>(shape->size()) : axis) > 1;
    };
    return shape != nullptr && !axes.empty() && std::all_of(axes.begin(), axes.end(), is_behind);
  }

  /// Ties become one group, what cannot change is left out.
  std::vector<ChannelGroup> collect() {
    std::map<std::size_t, ChannelGroup> roots;
    std::set<std::size_t> unusable;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      ChannelGroup& all = roots[root(i)];
      const ChannelGroup& part = groups_[i];
      all.channels = part.channels;
      all.givers.insert(all.givers.end(), part.givers.begin(), part.givers.end());
      all.readers.insert(all.readers.end(), part.readers.begin(), part.readers.end());
      all.depthwise.insert(all.depthwise.end(), part.depthwise.begin(), part.depthwise.end());
      all.places.insert(all.places.end(), part.places.begin(), part.places.end());
      all.counts.insert(all.counts.end(), part.counts.begin(), part.counts.end());
      if (fixed_[i]) {
        unusable.insert(root(i));
      }
    }
    std::vector<ChannelGroup> found;
    for (auto& [index, group] : roots) {
      if (!unusable.contains(index) && !group.readers.empty() && group.channels > 1) {
        found.push_back(std::move(group));
      }
    }
    return found;
  }

  const Network& network_;
  Dataflow flow_;
  std::map<const Node*, std::size_t> layers_;
  std::map<std::string, Layout, std::less<>> layouts_;
  std::vector<ChannelGroup> groups_;
  std::vector<std::size_t> parents_;
  std::vector<bool> fixed_;
};

}  // namespace

std::vector<ChannelGroup> find_channel_groups(const Network& network) {
  return Tracer(network).run();
}

}  // namespace mj
