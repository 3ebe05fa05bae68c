#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "network/channel_ties.h"
#include "network/dataflow.h"
#include "network/weights.h"

namespace mj {
namespace {

constexpr std::array<std::string_view, 27> elementwise{
    "Abs",  "Cast",     "Ceil",       "Celu",        "Clip",      "Dropout",        "Elu",
    "Erf",  "Exp",      "Floor",      "HardSigmoid", "HardSwish", "Identity",       "LeakyRelu",
    "Log",  "Neg",      "Reciprocal", "Relu",        "Round",     "Selu",           "Sigmoid",
    "Sign", "Softplus", "Softsign",   "Sqrt",        "Tanh",      "ThresholdedRelu"};
constexpr std::array<std::string_view, 4> pooling{"AveragePool", "GlobalAveragePool", "GlobalMaxPool",
                                                  "MaxPool"};
constexpr std::array<std::string_view, 7> pairwise{"Add", "Div", "Max", "Min", "Mul", "Sub", "Sum"};

template <std::size_t size>
bool is_one_of(const std::array<std::string_view, size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Traced {
  std::vector<ChannelGroup> groups;
  std::vector<FixedChannels> fixed;
};

class Tracer {
 public:
  explicit Tracer(const Network& network) : network_(network), flow_(trace_dataflow(network)) {
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      layers_.emplace(&network.nodes[network.layers[l].node], l);
    }
  }

  Traced run() {
    for (const Node& node : network_.nodes) {
      visited_ = &node;
      visit(node);
    }
    visited_ = nullptr;
    for (const Value& output : network_.outputs) {
      fix(output.name);
    }
    return collect();
  }

 private:
  using Layouts = std::map<std::string, ChannelLayout, std::less<>>;

  /// The channels of a value; nothing where they are not known.
  std::optional<ChannelLayout> layout_in(const Layouts& layouts, const std::string& value) const {
    const auto found = layouts.find(value);
    return found == layouts.end() ? std::nullopt : std::optional(ties_.resolved(found->second));
  }

  std::optional<ChannelLayout> layout(const std::string& value) const { return layout_in(layouts_, value); }

  const Tensor* constant(const std::string& value) const {
    const auto found = network_.constants.find(value);
    return found == network_.constants.end() ? nullptr : &found->second;
  }

  void fix(const ChannelLayout& channels) { ties_.fix(channels, visited_); }

  void fix(const std::string& value) {
    for (const Layouts* layouts : {&layouts_, &last_}) {
      if (const auto channels = layout_in(*layouts, value)) {
        fix(*channels);
      }
    }
  }

  void fix_all(const Node& node) {
    for (const std::string& input : node.inputs) {
      fix(input);
    }
  }

  int64_t count(const ChannelLayout& channels) const { return ties_.count(channels); }

  /// Channels along an axis of a constant that only this node reads.
  void place(const ChannelLayout& channels, const std::string& name, std::size_t axis) {
    const Tensor* tensor = constant(name);
    const auto readers = flow_.readers.find(name);
    if (tensor == nullptr || !is_floating(tensor->type) || readers->second.size() != 1 ||
        axis >= tensor->shape.size() || tensor->shape[axis] != count(channels)) {
      fix(channels);
      return;
    }
    int64_t first = 0;
    for (const Segment& segment : channels) {
      ties_.notes(segment.group).places.push_back({name, axis, first, segment.repeat});
      first += ties_.channels_of(segment);
    }
  }

  void visit(const Node& node) {
    const auto layer = layers_.find(&node);
    const bool plain =
        node.domain.empty() && !node.inputs.empty() && !node.outputs.empty() && !has_second_output(node);
    if (!plain) {
      fix_all(node);
    } else if (const auto last = layout_in(last_, node.inputs[0])) {
      visit_last(node, *last);
    } else if (layer != layers_.end()) {
      visit_layer(node, layer->second);
    } else if (is_one_of(elementwise, node.op) || is_one_of(pooling, node.op)) {
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
    if (const auto channels = layout(node.inputs[0])) {
      layouts_.emplace(node.outputs[0], *channels);
    }
  }

  void visit_other(const Node& node) {
    if (node.op == "Concat") {
      visit_concat(node);
      return;
    }
    const auto channels = layout(node.inputs[0]);
    if (!channels) {
      fix_all(node);
      return;
    }
    if (node.op == "BatchNormalization" || node.op == "InstanceNormalization") {
      visit_norm(node, *channels);
    } else if (node.op == "PRelu") {
      visit_slopes(node, *channels);
    } else if (node.op == "Flatten" || node.op == "Reshape") {
      visit_flatten(node, *channels);
    } else if (changes_maps_alone(node)) {
      pass_on(node);
    } else if (node.op == "Pad") {
      visit_pad(node, *channels);
    } else if (node.op == "Transpose" && permutes(node, {0, 2, 3, 1})) {
      last_.emplace(node.outputs[0], *channels);
    } else if (node.op == "Shape" && tells_batch_alone(node)) {
      return;
    } else {
      fix_all(node);
    }
  }

  /// Of a value with the channels along its last axis, as between two Transpose nodes.
  void visit_last(const Node& node, const ChannelLayout& channels) {
    if (is_one_of(elementwise, node.op)) {
      last_.emplace(node.outputs[0], channels);
    } else if (node.op == "Transpose" && permutes(node, {0, 3, 1, 2})) {
      layouts_.emplace(node.outputs[0], channels);
    } else if (node.op == "Flatten" || node.op == "Reshape") {
      visit_last_flatten(node, channels);
    } else if ((node.op == "ReduceMean" || node.op == "Squeeze") && takes_map_alone(node)) {
      const auto* keeps = find_attribute<int64_t>(node, "keepdims");
      const bool are_rows = node.op == "Squeeze" || (keeps != nullptr && *keeps == 0);
      (are_rows ? layouts_ : last_).emplace(node.outputs[0], channels);
    } else {
      fix_all(node);
    }
  }

  /// Whether a node's axes are the two of a map whose channels come last.
  bool takes_map_alone(const Node& node) const {
    std::vector<int64_t> axes = list_of(node, "axes", 1);
    for (int64_t& axis : axes) {
      axis += axis < 0 ? 4 : 0;
    }
    std::sort(axes.begin(), axes.end());
    return axes == std::vector<int64_t>{1, 2};
  }

  static bool permutes(const Node& node, const std::vector<int64_t>& order) {
    const auto* permutation = find_attribute<std::vector<int64_t>>(node, "perm");
    return permutation != nullptr && *permutation == order;
  }

  void visit_layer(const Node& node, std::size_t index) {
    const MacLayer& layer = network_.layers[index];
    const LayerShape& shape = layer.shape;
    const auto read = layout(layer.input);
    const Shape* output = find_shape(network_, layer.output);
    const bool is_plain = has_weights(network_, layer) && node.inputs.size() > 1 &&
                          reads_alone(node.inputs[1], layer.weights) && node.inputs[0] == layer.input &&
                          output != nullptr && (node.op == "Conv" || output->size() == 2);
    if (!is_plain) {
      fix_all(node);
      return;
    }
    const bool output_first = layer.layout == WeightLayout::output_first;
    if (shape.groups > 1 && shape.groups >= shape.c) {
      pass_groups_on(node, index, read);
      return;
    }
    const auto of_group = read ? ties_.tie_parts(*read, shape.groups) : std::nullopt;
    if (read && !of_group) {
      fix_all(node);
    } else if (read) {
      note_reader(ties_.resolved(*read), index);
      place(*of_group, layer.weights, output_first ? 1 : 0);
    }
    const ChannelLayout given = ties_.add(shape.groups * shape.k);
    ties_.notes(given[0].group).givers.push_back({index});
    ties_.tie_parts(given, shape.groups);
    note_outputs(node, ties_.resolved(given), layer.weights, output_first ? 0 : 1);
  }

  /// Whether all nodes between a layer and its weights are read by the next alone.
  bool reads_alone(const std::string& operand, const std::string& weights) const {
    std::string value = operand;
    while (value != weights) {
      const auto producer = flow_.producers.find(value);
      if (producer == flow_.producers.end() || flow_.readers.at(value).size() != 1) {
        return false;
      }
      value = producer->second->inputs[0];
    }
    return true;
  }

  /// Lets whole groups of a convolution go: a group's outputs become channels of what it reads.
  void pass_groups_on(const Node& node, std::size_t index, const std::optional<ChannelLayout>& read) {
    const LayerShape& shape = network_.layers[index].shape;
    auto given = read ? ties_.tie_neighbours(*read, shape.c) : std::nullopt;
    if (!given) {
      fix_all(node);
      return;
    }
    for (Segment& segment : *given) {
      segment.repeat = segment.repeat / shape.c * shape.k;
      ties_.notes(segment.group).grouped.push_back(index);
    }
    note_outputs(node, *given, network_.layers[index].weights, 0);
  }

  void note_reader(const ChannelLayout& channels, std::size_t layer) {
    int64_t first = 0;
    for (const Segment& segment : channels) {
      ties_.notes(segment.group).readers.push_back({layer, first, segment.repeat});
      first += ties_.channels_of(segment);
    }
  }

  void note_outputs(const Node& node, const ChannelLayout& given, const std::string& weights,
                    std::size_t axis) {
    place(given, weights, axis);
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) {
      place_broadcast(given, node.inputs[2], node.op == "Conv" ? 1 : 2, node.op == "Conv" ? 0 : 1);
    }
    layouts_.emplace(node.outputs[0], given);
  }

  /// A constant that is broadcast over a value of `rank` dimensions with the channels along `axis`.
  void place_broadcast(const ChannelLayout& channels, const std::string& name, std::size_t rank,
                       std::size_t axis) {
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
    const auto a = layout(node.inputs[0]);
    const auto b = layout(node.inputs[1]);
    const Shape* shape = find_shape(network_, node.outputs[0]);
    if (shape == nullptr || (!a && !b)) {
      fix_all(node);
      return;
    }
    if (a && b) {
      const Shape* left = find_shape(network_, node.inputs[0]);
      const Shape* right = find_shape(network_, node.inputs[1]);
      if (left == nullptr || right == nullptr || left->size() != right->size()) {
        fix_all(node);
        return;
      }
      if (!ties_.tie(*a, *b)) {
        fix_all(node);
      }
      layouts_.emplace(node.outputs[0], *a);
      return;
    }
    const ChannelLayout channels = a ? *a : *b;
    const std::string& other = node.inputs[a ? 1 : 0];
    if (const Node* unsqueeze = unsqueeze_of_constant(other, shape->size(), count(channels))) {
      place(channels, unsqueeze->inputs[0], 0);
    } else if (constant(other) == nullptr || shape->size() < 2) {
      fix_all(node);
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
                                       [&](const std::string& input) { return layout(input).has_value(); });
    if (!is_of_channels || !all_known) {
      fix_all(node);
      return;
    }
    ChannelLayout channels;
    for (const std::string& input : node.inputs) {
      const ChannelLayout part = *layout(input);
      channels.insert(channels.end(), part.begin(), part.end());
    }
    layouts_.emplace(node.outputs[0], std::move(channels));
  }

  void visit_norm(const Node& node, const ChannelLayout& channels) {
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      place(channels, node.inputs[i], 0);
    }
    layouts_.emplace(node.outputs[0], channels);
  }

  void visit_slopes(const Node& node, const ChannelLayout& channels) {
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

  /// A border around maps; or channels of a constant in front and behind, as the shortcuts of residual
  /// networks have them that get wider without weights (He et al., CVPR 2016, option A): they go by other
  /// amounts.
  void visit_pad(const Node& node, const ChannelLayout& channels) {
    if (node.inputs.size() > 3 && !node.inputs[3].empty() && keeps_channels(node, 3)) {
      pass_on(node);
      return;
    }
    const std::string* mode = find_attribute<std::string>(node, "mode");
    const std::vector<int64_t> pads = list_of(node, "pads", 1);
    const std::size_t axes = pads.size() / 2;
    const bool has_all_axes =
        axes >= 2 && pads[0] == 0 && pads[axes] == 0 && (node.inputs.size() < 4 || node.inputs[3].empty());
    const bool is_of_constants = mode == nullptr || *mode == "constant";
    const bool is_plain = has_all_axes && ((pads[1] == 0 && pads[axes + 1] == 0) ||
                                           (is_of_constants && pads[1] >= 0 && pads[axes + 1] >= 0));
    if (!is_plain) {
      fix(channels);
      return;
    }
    ChannelLayout wider = channels;
    const auto border = [&](ChannelLayout::const_iterator place, std::size_t index) {
      if (pads[index] > 0) {
        const ChannelLayout added = ties_.add(pads[index]);
        if (node.inputs.size() < 2 || flow_.readers.at(node.inputs[1]).size() != 1) {
          fix(added);
        }
        ties_.notes(added[0].group)
            .counts.push_back({node.inputs.size() < 2 ? "" : node.inputs[1], index, 1});
        wider.insert(place, added[0]);
      }
    };
    border(wider.end(), axes + 1);
    border(wider.begin(), 1);
    layouts_.emplace(node.outputs[0], std::move(wider));
  }

  /// From maps to rows: a channel becomes as many values as a map has. From rows to maps of one value each.
  void visit_flatten(const Node& node, const ChannelLayout& before) {
    ChannelLayout channels = before;
    const Shape* from = find_shape(network_, node.inputs[0]);
    const Shape* to = find_shape(network_, node.outputs[0]);
    const bool are_known = from != nullptr && to != nullptr && from->size() >= 2 && to->size() >= 2 &&
                           (*from)[0] == (*to)[0] && (*from)[1] == count(channels) &&
                           (*to)[1] % (*from)[1] == 0;
    const bool are_rows = are_known && to->size() == 2;
    const bool are_single =
        are_known && element_count(*from) == (*from)[0] * (*from)[1] && (*from)[1] == (*to)[1];
    if (!are_rows && !are_single) {
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

  /// To rows, of a value with the channels along its last axis: a channel has a place in every pixel.
  void visit_last_flatten(const Node& node, const ChannelLayout& pixel) {
    const Shape* from = find_shape(network_, node.inputs[0]);
    const Shape* to = find_shape(network_, node.outputs[0]);
    const int64_t channels = count(pixel);
    const bool are_rows = from != nullptr && to != nullptr && to->size() == 2 && (*to)[0] == (*from)[0] &&
                          (*to)[1] % channels == 0;
    if (!are_rows) {
      fix(pixel);
      return;
    }
    ChannelLayout row;
    for (int64_t first = 0; first < (*to)[1]; first += channels) {
      row.insert(row.end(), pixel.begin(), pixel.end());
    }
    if (node.op == "Reshape" && !note_target(node, row)) {
      fix(pixel);
      return;
    }
    layouts_.emplace(node.outputs[0], std::move(row));
  }

  /// Whether a Reshape's target will be right, or can be made so, with fewer channels.
  bool note_target(const Node& node, const ChannelLayout& channels) {
    const Tensor* target = node.inputs.size() > 1 ? constant(node.inputs[1]) : nullptr;
    if (target == nullptr && node.inputs.size() > 1) {
      return takes_the_rest(node.inputs[1]);
    }
    if (target == nullptr || target->integers.size() < 2) {
      return false;
    }
    if (target->integers[1] == -1 || target->integers[1] == 0) {  // What is left, or as many as before.
      return true;
    }
    if (target->integers[1] != count(channels) || flow_.readers.at(node.inputs[1]).size() != 1) {
      return false;
    }
    for (const Segment& segment : channels) {
      ties_.notes(segment.group).counts.push_back({node.inputs[1], 1, segment.repeat});
    }
    return true;
  }

  /// Whether a node that reduces, drops, adds or cuts axes does so behind the channels only.
  bool changes_maps_alone(const Node& node) const {
    return ((node.op == "ReduceMean" || node.op == "Squeeze" || node.op == "Unsqueeze") &&
            keeps_channels(node, 1)) ||
           (node.op == "Slice" && keeps_channels(node, 3));
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

  /// What cannot change is left out.
  Traced collect() const {
    Traced traced;
    for (ChannelTies::Found& found : ties_.groups()) {
      ChannelGroup& group = found.group;
      if (!found.is_fixed && !group.readers.empty() && group.channels > 1) {
        traced.groups.push_back(std::move(group));
      } else if (found.reason != nullptr && !group.givers.empty() &&
                 (!group.readers.empty() || leads_to_layer(*found.reason))) {
        traced.fixed.push_back({group.givers.front().layer, *found.reason});
      }
    }
    return traced;
  }

  /// Whether a layer reads what the node gives, or what others make of it.
  bool leads_to_layer(const Node& node) const {
    std::set<const Node*> seen{&node};
    std::vector<const Node*> next{&node};
    while (!next.empty()) {
      const Node& giver = *next.back();
      next.pop_back();
      for (const std::string& output : giver.outputs) {
        const auto readers = flow_.readers.find(output);
        for (const std::size_t i :
             readers == flow_.readers.end() ? std::vector<std::size_t>() : readers->second) {
          const Node* reader = &network_.nodes[i];
          if (layers_.contains(reader)) {
            return true;
          }
          if (seen.insert(reader).second) {
            next.push_back(reader);
          }
        }
      }
    }
    return false;
  }

  const Network& network_;
  Dataflow flow_;
  std::map<const Node*, std::size_t> layers_;
  Layouts layouts_;  ///< of values with the channels along axis 1
  Layouts last_;     ///< along the last axis
  ChannelTies ties_;
  const Node* visited_ = nullptr;
};

}  // namespace

std::vector<ChannelGroup> find_channel_groups(const Network& network) {
  return Tracer(network).run().groups;
}

std::vector<FixedChannels> fixed_channels(const Network& network) {
  return Tracer(network).run().fixed;
}

}  // namespace mj
