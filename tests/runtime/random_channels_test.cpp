#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "network/channels.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "tiny_network.h"

namespace mj {
namespace {

constexpr int64_t side = 3;

/// Networks of random nodes, through each of which channels go in its own way.
class RandomNetwork {
 public:
  explicit RandomNetwork(uint64_t seed) : random_(seed), seed_(seed) {
    tiny_.input("x", {-1, 3, side, side});
    values_ = {{"x", 3}};
    convolution(values_[0], 2 + below(5), 1);
  }

  Network build(int nodes) {
    for (int i = 0; i < nodes; ++i) {
      add_node();
    }
    Map all = values_[1];
    for (const Map& map : std::vector<Map>(values_.begin() + 2, values_.end())) {
      if (!read_.contains(map.name)) {
        all = concatenated(all, map);
      }
    }
    std::string last = all.name;
    if (below(2) == 0) {
      last = named("t");
      tiny_.node("Transpose", {all.name}, last, {1, side, side, all.channels},
                 {{"perm", std::vector<int64_t>{0, 2, 3, 1}}});
    }
    const int64_t columns = all.channels * side * side;
    tiny_.node("Flatten", {last}, "row", {1, columns});
    tiny_.constant("wf", {columns, 2}, weights(columns * 2)).node("MatMul", {"row", "wf"}, "out", {1, 2});
    return tiny_.build({"out"});
  }

 private:
  struct Map {
    std::string name;
    int64_t channels = 0;
  };

  int64_t below(int64_t count) { return static_cast<int64_t>(random_.below(static_cast<uint64_t>(count))); }
  std::string named(const std::string& op) { return op + std::to_string(++names_); }
  Map any() { return values_[static_cast<std::size_t>(1 + below(static_cast<int64_t>(values_.size()) - 1))]; }
  /// Small, so that outputs of deep networks stay small.
  std::vector<float> weights(int64_t count) {
    auto values = random_values(static_cast<std::size_t>(count), derive_seed(seed_, ++draws_));
    for (float& value : values) {
      value = 0.3F * value + std::copysign(0.01F, value);
    }
    return values;
  }

  Map give(const std::string& op, const std::vector<std::string>& inputs, int64_t channels,
           const TinyNetwork::Attributes& attributes = {}) {
    const Map map{named(op), channels};
    tiny_.node(op, inputs, map.name, {1, channels, side, side}, attributes);
    read_.insert(inputs.begin(), inputs.end());
    values_.push_back(map);
    return map;
  }

  Map convolution(const Map& from, int64_t outputs, int64_t groups) {
    const std::string w = named("w");
    tiny_.constant(w, {outputs, from.channels / groups, 1, 1}, weights(outputs * from.channels / groups));
    const std::string b = named("b");
    tiny_.constant(b, {outputs}, weights(outputs));
    return give("Conv", {from.name, w, b}, outputs, {{"group", groups}});
  }

  Map concatenated(const Map& a, const Map& b) {
    return give("Concat", {a.name, b.name}, a.channels + b.channels, {{"axis", int64_t{1}}});
  }

  void add_gate(const Map& map) {
    const Map scores = convolution(map, map.channels, 1);
    const Map gate = give("Sigmoid", {scores.name}, map.channels);
    give("Mul", {map.name, gate.name}, map.channels);
  }

  void add_pad(const Map& map) {
    const int64_t front = below(3);
    const int64_t behind = below(3);
    const std::string pads = named("p");
    tiny_.integers(pads, {0, front, 0, 0, 0, behind, 0, 0});
    give("Pad", {map.name, pads}, map.channels + front + behind);
  }

  /// With another value of as many channels, or one that a convolution makes.
  void add_sum(const Map& map) {
    std::vector<Map> others;
    std::copy_if(values_.begin() + 1, values_.end(), std::back_inserter(others),
                 [&](const Map& other) { return other.channels == map.channels; });
    const Map other = below(2) == 0 ? convolution(any(), map.channels, 1)
                                    : others[static_cast<std::size_t>(below(std::ssize(others)))];
    give("Add", {map.name, other.name}, map.channels);
  }

  void add_node() {
    const Map map = any();
    const std::vector<int64_t> counts{1, 2, 3, 4, map.channels};
    const int64_t groups = counts[static_cast<std::size_t>(below(std::ssize(counts)))];
    switch (below(7)) {
      case 0:
        convolution(map, 1 + below(6), 1);
        break;
      case 1:
      case 2:
        if (map.channels % groups == 0) {
          convolution(map, groups * (1 + below(3)), groups);
        }
        break;
      case 3:
        add_sum(map);
        break;
      case 4:
        concatenated(map, any());
        break;
      case 5:
        add_gate(map);
        break;
      default:
        add_pad(map);
    }
  }

  Random random_;
  uint64_t seed_;
  TinyNetwork tiny_;
  std::vector<Map> values_;
  std::set<std::string> read_;
  int names_ = 0;
  uint64_t draws_ = 0;
};

/// Some channels of each group, not all.
std::vector<std::vector<int64_t>> some_channels(const std::vector<ChannelGroup>& groups, uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<int64_t>> some;
  for (const ChannelGroup& group : groups) {
    std::vector<int64_t>& channels = some.emplace_back();
    for (int64_t c = 0; c + 1 < group.channels; ++c) {
      if (random.below(2) == 0) {
        channels.push_back(c);
      }
    }
  }
  return some;
}

std::vector<float> outputs_of(const Network& network) {
  const Tensor images{.type = ElementType::float32,
                      .shape = {2, 3, side, side},
                      .floats = random_values(static_cast<std::size_t>(6 * side * side), 70)};
  return open_session(network, {})->run({images}).at(0).floats;
}

// What is removed from a group is read no more, is out of all constants, and no output tells it; each layer
// has the shape that its channels left say.
TEST(PropertyChannels, RandomNetworksGiveTheSameWithoutUnreadChannels) {
  std::size_t removed_in_all = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Network network = RandomNetwork(seed).build(10);
    const auto groups = find_channel_groups(network);
    const auto removed = some_channels(groups, seed);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      clear_channels(network, groups[g], removed[g]);
      removed_in_all += removed[g].size();
    }
    EXPECT_EQ(unread_channels(network, groups), removed) << seed;
    Network smaller = without_channels(network, groups, removed);
    infer_shapes(smaller);
    const auto kept = kept_channels(network, groups, removed);
    const ActivationStats stats{.images = 1, .layers = std::vector<LayerActivations>(network.layers.size())};
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const LayerAlone alone = layer_alone(network, l, stats, kept[l]);
      const LayerShape& expected = smaller.layers[l].shape;
      EXPECT_EQ(alone.network.layers[0].shape.k, expected.k) << seed;
      EXPECT_EQ(alone.network.layers[0].shape.c, expected.c) << seed;
      EXPECT_EQ(alone.network.layers[0].shape.groups, expected.groups) << seed;
      EXPECT_EQ(weight_matrix(alone.network, alone.network.layers[0]).values,
                weight_matrix(smaller, smaller.layers[l]).values)
          << seed;
    }
    const std::vector<float> before = outputs_of(network);
    const std::vector<float> after = outputs_of(smaller);
    ASSERT_EQ(before.size(), after.size()) << seed;
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(before[i], after[i], 1e-4 * (1 + std::abs(before[i]))) << seed;
    }
  }
  EXPECT_GT(removed_in_all, 500U);
}

}  // namespace
}  // namespace mj
