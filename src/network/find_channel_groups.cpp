#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
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

/// Some of a group's channels, from `first` on, as a group of their own.
struct Part {
  std::size_t group = 0;
  int64_t first = 0;
};

/// What convolutions with groups make of channels: those that stand at the same place of each of `parts` go
/// together, and so do `block` neighbours.
struct Fold {
  int64_t parts = 1;
  int64_t block = 1;
};

constexpr std::array<std::string_view, 31> channelwise{
    "Abs",           "AveragePool", "Cast",           "Ceil",
    "Celu",          "Clip",        "Dropout",        "Elu",
    "Erf",           "Exp",         "Floor",          "GlobalAveragePool",
    "GlobalMaxPool", "HardSigmoid", "HardSwish",      "Identity",
    "LeakyRelu",     "Log",         "MaxPool",        "Neg",
    "Reciprocal",    "Relu",        "Round",          "Selu",
    "Sigmoid",       "Sign",        "Softplus",       "Softsign",
    "Sqrt",          "Tanh",        "ThresholdedRelu"};
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
  /// The group that it was tied to, of those that are not split further one.
  std::size_t root(std::size_t group) const {
    while (parents_[group] != group) {
      group = parents_[group];
    }
    return group;
  }

  std::size_t new_group(int64_t channels) {
    parents_.push_back(parents_.size());
    children_.emplace_back();
    fixed_.push_back(false);
    reasons_.push_back(nullptr);
    folds_.emplace_back();
    groups_.push_back({.channels = channels});
    return parents_.back();
  }

  void fold(std::size_t group, const Fold& more) {
    Fold& all = folds_[group];
    all = {std::lcm(all.parts, more.parts), std::lcm(all.block, more.block)};
  }

  /// The channels of a value, in groups as they are split by now; nothing where they are not known.
  std::optional<Layout> layout(const std::string& value) const {
    const auto found = layouts_.find(value);
    return found == layouts_.end() ? std::nullopt : std::optional(split_further(found->second));
  }

  Layout split_further(const Layout& channels) const {
    Layout result;
    for (const Segment& segment : channels) {
      for (const Part& part : parts_of(segment.group)) {
        result.push_back({part.group, segment.repeat});
      }
    }
    return result;
  }

  /// What a group has been split into, in order.
  std::vector<Part> parts_of(std::size_t group) const {
    const std::size_t whole = root(group);
    if (children_[whole].empty()) {
      return {{whole, 0}};
    }
    std::vector<Part> parts;
    int64_t first = 0;
    for (const std::size_t child : children_[whole]) {
      for (const Part& part : parts_of(child)) {
        parts.push_back({part.group, first + part.first});
      }
      first += groups_[child].channels;
    }
    return parts;
  }

  /// Into the first `channels` and the others; false where they go together.
  bool split(std::size_t group, int64_t channels) {
    const Fold fold = folds_[group];
    if (fold.parts != 1 || channels % fold.block != 0) {
      return false;
    }
    for (const int64_t part : {channels, groups_[group].channels - channels}) {
      const std::size_t child = new_group(part);
      folds_[child] = fold;
      children_[group].push_back(child);
    }
    return true;
  }

  const Tensor* constant(const std::string& value) const {
    const auto found = network_.constants.find(value);
    return found == network_.constants.end() ? nullptr : &found->second;
  }

  void fix(const Layout& channels) {
    for (const Segment& segment : channels) {
      if (!fixed_[segment.group]) {
        fixed_[segment.group] = true;
        reasons_[segment.group] = visited_;
      }
    }
  }

  void fix(const std::string& value) {
    for (const auto& layouts : {std::cref(layouts_), std::cref(last_)}) {
      if (const auto found = layouts.get().find(value); found != layouts.get().end()) {
        fix(found->second);
      }
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
  /// @param parts of the channels, of which the axis has one
  void place(const Layout& channels, const std::string& name, std::size_t axis, int64_t parts = 1) {
    const Tensor* tensor = constant(name);
    const auto readers = flow_.readers.find(name);
    if (tensor == nullptr || !is_floating(tensor->type) || readers->second.size() != 1 ||
        axis >= tensor->shape.size() || tensor->shape[axis] * parts != count(channels)) {
      fix(channels);
      return;
    }
    int64_t first = 0;
    for (const Segment& segment : channels) {
      groups_[segment.group].places.push_back({name, axis, first, segment.repeat});
      first += groups_[segment.group].channels * segment.repeat;
    }
  }

  /// Channels at the same place go together. Groups are split where the other value's end.
  void tie(const Layout& left, const Layout& right) {
    Layout a = split_further(left);
    Layout b = split_further(right);
    std::size_t i = 0;
    while (i < a.size() && i < b.size() && a[i].repeat == b[i].repeat) {
      const int64_t x = groups_[a[i].group].channels;
      const int64_t y = groups_[b[i].group].channels;
      if (x == y) {
        fold(a[i].group, Fold(folds_[b[i].group]));
        parents_[b[i].group] = a[i].group;
        ++i;
      } else if (!split(x > y ? a[i].group : b[i].group, std::min(x, y))) {
        break;
      }
      a = split_further(a);
      b = split_further(b);
    }
    if (i < a.size() || i < b.size()) {
      fix(a);
      fix(b);
    }
  }

  void visit(const Node& node) {
    const auto layer = layers_.find(&node);
    const bool plain =
        node.domain.empty() && !node.inputs.empty() && !node.outputs.empty() && !has_second_output(node);
    if (!plain) {
      fix_all(node);
    } else if (last_.contains(node.inputs[0])) {
      visit_last(node, Layout(last_.find(node.inputs[0])->second));
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
  void visit_last(const Node& node, const Layout& channels) {
    if (is_one_of(channelwise, node.op)) {
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
      pass_groups_on(node, index);
      return;
    }
    if (read && shape.groups > 1 && !fold_in_parts(*read, shape.groups)) {
      fix_all(node);
    } else if (read) {
      note_reader(*read, index);
      place(*read, layer.weights, output_first ? 1 : 0, shape.groups);
    }
    const Layout given{{new_group(shape.groups * shape.k), 1}};
    fold(given[0].group, {.parts = shape.groups});
    groups_.back().givers.push_back({index});
    note_outputs(node, given, layer.weights, output_first ? 0 : 1);
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

  /// Lets a channel of each of a convolution's groups go together.
  bool fold_in_parts(const Layout& read, int64_t parts) {
    if (read.size() != 1 || groups_[read[0].group].channels % parts != 0) {
      return false;
    }
    fold(read[0].group, {.parts = parts});
    return true;
  }

  /// Lets whole groups of a convolution go: a group's outputs become channels of what it reads.
  void pass_groups_on(const Node& node, std::size_t index) {
    const LayerShape& shape = network_.layers[index].shape;
    const auto read = layout(node.inputs[0]);
    if (!read) {
      fix_all(node);
      return;
    }
    Layout given = *read;
    for (Segment& segment : given) {
      const int64_t block = std::lcm(shape.c, segment.repeat) / segment.repeat;
      if (groups_[segment.group].channels % block != 0 || segment.repeat * shape.k % shape.c != 0) {
        fix_all(node);
        return;
      }
      fold(segment.group, {.block = block});
      segment.repeat = segment.repeat * shape.k / shape.c;
      groups_[segment.group].grouped.push_back(index);
    }
    note_outputs(node, given, network_.layers[index].weights, 0);
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
      tie(*a, *b);
      layouts_.emplace(node.outputs[0], *a);
      return;
    }
    const Layout channels = a ? *a : *b;
    const std::string& other = node.inputs[a ? 1 : 0];
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
                                       [&](const std::string& input) { return layout(input).has_value(); });
    if (!is_of_channels || !all_known) {
      fix_all(node);
      return;
    }
    Layout channels;
    for (const std::string& input : node.inputs) {
      const Layout part = *layout(input);
      channels.insert(channels.end(), part.begin(), part.end());
    }
    layouts_.emplace(node.outputs[0], std::move(channels));
  }

  void visit_norm(const Node& node, const Layout& channels) {
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

  /// Channels of a constant in front and behind, as the shortcuts of residual networks have them that get
  /// wider without weights (He et al., CVPR 2016, option A): they go by other amounts.
  void visit_pad(const Node& node, const Layout& channels) {
    const std::string* mode = find_attribute<std::string>(node, "mode");
    const std::vector<int64_t> pads = list_of(node, "pads", 1);
    const std::size_t axes = pads.size() / 2;
    const bool is_plain = (mode == nullptr || *mode == "constant") && axes >= 2 && pads[0] == 0 &&
                          pads[axes] == 0 && pads[1] >= 0 && pads[axes + 1] >= 0 &&
                          (node.inputs.size() < 4 || node.inputs[3].empty());
    if (!is_plain) {
      fix(channels);
      return;
    }
    Layout wider = channels;
    const auto border = [&](Layout::const_iterator place, std::size_t index) {
      if (pads[index] > 0) {
        const Layout added{{new_group(pads[index]), 1}};
        if (node.inputs.size() < 2 || flow_.readers.at(node.inputs[1]).size() != 1) {
          fix(added);
        }
        groups_.back().counts.push_back({node.inputs.size() < 2 ? "" : node.inputs[1], index, 1});
        wider.insert(place, added[0]);
      }
    };
    border(wider.end(), axes + 1);
    border(wider.begin(), 1);
    layouts_.emplace(node.outputs[0], std::move(wider));
  }

  /// From maps to rows: a channel becomes as many values as a map has. From rows to maps of one value each.
  void visit_flatten(const Node& node, const Layout& before) {
    Layout channels = before;
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
  void visit_last_flatten(const Node& node, const Layout& pixel) {
    const Shape* to = find_shape(network_, node.outputs[0]);
    const int64_t channels = count(pixel);
    const bool are_rows = to != nullptr && to->size() == 2 && (*to)[1] % channels == 0;
    if (!are_rows) {
      fix(pixel);
      return;
    }
    Layout row;
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
  bool note_target(const Node& node, const Layout& channels) {
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
  Traced collect() {
    std::map<std::size_t, ChannelGroup> roots;
    std::map<std::size_t, const Node*> unusable;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const std::vector<Part> parts = parts_of(i);
      for (const Part& part : parts) {
        ChannelGroup& all = roots[part.group];
        all.channels = groups_[part.group].channels;
        add_part(all, groups_[i], part.first);
        fold(part.group, Fold(folds_[i]));
        if (fixed_[i]) {
          const Node*& reason = unusable[part.group];
          reason = reason == nullptr ? reasons_[i] : reason;
        }
      }
    }
    Traced traced;
    for (auto& [index, group] : roots) {
      const Fold& fold = folds_[index];
      if (!unusable.contains(index) && !group.readers.empty() &&
          group.channels % (fold.parts * fold.block) == 0 && group.channels > fold.parts * fold.block) {
        traced.groups.push_back(folded(group, fold));
      } else if (unusable.contains(index) && unusable[index] != nullptr && !group.givers.empty() &&
                 (!group.readers.empty() || leads_to_layer(*unusable[index]))) {
        traced.fixed.push_back({group.givers.front().layer, *unusable[index]});
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

  /// What is known of a group's channels from `first` on.
  static void add_part(ChannelGroup& part, const ChannelGroup& group, int64_t first) {
    const auto add = [first](auto& all, const auto& more) {
      for (auto channels : more) {
        channels.first += first * channels.repeat;
        all.push_back(std::move(channels));
      }
    };
    add(part.givers, group.givers);
    add(part.readers, group.readers);
    add(part.places, group.places);
    part.grouped.insert(part.grouped.end(), group.grouped.begin(), group.grouped.end());
    part.counts.insert(part.counts.end(), group.counts.begin(), group.counts.end());
  }

  /// Fewer channels, of which each is all that goes together.
  ChannelGroup folded(const ChannelGroup& group, const Fold& fold) const {
    ChannelGroup result{.channels = group.channels / (fold.parts * fold.block), .grouped = group.grouped};
    const int64_t part = group.channels / fold.parts;
    for (int64_t i = 0; i < fold.parts; ++i) {
      const auto add = [&](auto& all, auto channels) {
        channels.first += i * part * channels.repeat;
        channels.repeat *= fold.block;
        all.push_back(channels);
      };
      for (const LayerChannels& giver : group.givers) {
        add(result.givers, giver);
      }
      for (const LayerChannels& reader : group.readers) {
        add(result.readers, reader);
      }
      for (const ChannelPlace& place : group.places) {
        // A convolution's groups share the axis of their inputs.
        if (place.first + i * part * place.repeat < constant(place.constant)->shape[place.axis]) {
          add(result.places, place);
        }
      }
    }
    for (ChannelCount count : group.counts) {
      count.repeat *= fold.parts * fold.block;
      result.counts.push_back(count);
    }
    return result;
  }

  const Network& network_;
  Dataflow flow_;
  std::map<const Node*, std::size_t> layers_;
  std::map<std::string, Layout, std::less<>> layouts_;  ///< of values with the channels along axis 1
  std::map<std::string, Layout, std::less<>> last_;     ///< along the last axis
  std::vector<ChannelGroup> groups_;
  std::vector<Fold> folds_;
  std::vector<std::size_t> parents_;
  std::vector<std::vector<std::size_t>> children_;  ///< what a group is split into; empty: nothing
  std::vector<bool> fixed_;
  std::vector<const Node*> reasons_;  ///< why a group is fixed; nullptr: an output
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
