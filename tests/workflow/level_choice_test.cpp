#include "workflow/level_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "hardware/accelerator.h"
#include "network/graph_builder.h"
#include "network/weights.h"
#include "prune/energy_aware.h"
#include "workflow/cost_curve.h"

namespace mj {
namespace {

constexpr double positions = 64;  ///< of an 8x8 map

/// Conv a (4 -> 8), ReLU, conv b (8 -> 5); the channels between them are a group.
Network two_convolutions() {
  GraphBuilder graph;
  graph.input("x", {1, 4, 8, 8}).constant("wa", {8, 4, 1, 1}).constant("wb", {5, 8, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 8, 8, 8}).node("Relu", {"a"}, "r", {1, 8, 8, 8});
  return graph.node("Conv", {"r", "wb"}, "b", {1, 5, 8, 8}).output("b").build();
}

/// No activation is zero.
ActivationStats dense_activations(const Network& network) {
  ActivationStats stats{.images = 1};
  for (const MacLayer& layer : network.layers) {
    const auto inputs = static_cast<std::size_t>(layer.shape.c);
    const auto outputs = static_cast<std::size_t>(layer.shape.k);
    stats.layers.push_back({.tap_nonzeros = std::vector<double>(inputs, positions),
                            .input_channel_nonzeros = std::vector<double>(inputs, positions),
                            .output_channel_nonzeros = std::vector<double>(outputs, positions)});
  }
  return stats;
}

struct Problem {
  Network network = two_convolutions();
  ActivationStats stats = dense_activations(network);
  EnergySetting setting{read_accelerator("eyeriss-cvpr17"), {.weight_bits = 16, .activation_bits = 16}};
  std::vector<ChannelGroup> groups = find_channel_groups(network);
  std::vector<LayerChoices> layers{
      {.is_pruned = true, .nonzero = 32, .trial = {.losses = {0.001, 0.004, 0.02, 0.08, 0.3, 1.2}}},
      {.is_pruned = true, .nonzero = 40, .trial = {.losses = {0.002, 0.01, 0.05, 0.2, 0.6, 2}}}};

  LevelChoice choice(const std::vector<double>& removal_losses) const {
    return {network, stats, setting, Cost::energy, layers, {{groups[0], trial(removal_losses)}}};
  }
  static GroupTrial trial(const std::vector<double>& losses) {
    return {.order = {6, 1, 4, 0, 7}, .losses = losses};
  }
  /// With the channels of a removal gone.
  CostCurve curve(std::size_t layer, std::size_t removal) const {
    const GroupTrial all = trial({});
    std::vector<int64_t> gone(all.order.begin(), all.order.begin() + channels_gone(all, 8, removal));
    std::sort(gone.begin(), gone.end());
    return {layer_alone(network, layer, stats, kept_channels(network, groups, {gone})[layer]), setting,
            Cost::energy};
  }
};

// A layer that cannot be refitted, say.
TEST(UnitLevelChoice, WeightsThatAllStayCount) {
  LevelChoice choice({{.is_pruned = true, .nonzero = 40, .trial = {.losses = {1, 2, 3, 4, 5, 6}}},
                      {.is_pruned = false, .nonzero = 1000}});
  const Levels levels = choice.within(1020);
  EXPECT_LE(levels.cost, 1020);
  EXPECT_GT(levels.cost, 1015);
  EXPECT_NEAR(levels.shares[0], 0.5, 0.1);
  EXPECT_EQ(levels.shares[1], 1);
}

/// All layers' densities that were tried, with all removals.
std::vector<Levels> every_choice(const Problem& problem, const std::vector<double>& removal_losses) {
  std::vector<Levels> all;
  for (std::size_t removal = 0; removal <= removal_losses.size(); ++removal) {
    const CostCurve first = problem.curve(0, removal);
    const CostCurve second = problem.curve(1, removal);
    const double lost = removal == 0 ? 0 : removal_losses[removal - 1];
    for (std::size_t i = 0; i <= tried_shares.size(); ++i) {
      for (std::size_t j = 0; j <= tried_shares.size(); ++j) {
        const std::vector<double> shares{i == 0 ? 1 : tried_shares.at(i - 1),
                                         j == 0 ? 1 : tried_shares.at(j - 1)};
        all.push_back({.shares = shares,
                       .removals = {removal},
                       .cost = first.at(shares[0]) + second.at(shares[1]),
                       .loss = lost + (i == 0 ? 0 : problem.layers[0].trial.losses[i - 1]) +
                               (j == 0 ? 0 : problem.layers[1].trial.losses[j - 1])});
      }
    }
  }
  return all;
}

// Densities lie 1.7 % apart, which changes a loss by some 3 %.
TEST(PropertyLevelChoice, NoOtherChoiceCostsAsLittleAndLosesLess) {
  const Problem problem;
  ASSERT_EQ(problem.groups.size(), 1U);
  for (const std::vector<double>& removal_losses :
       {std::vector<double>{0.01, 0.03, 0.1, 0.3, 1}, std::vector<double>{0.2, 0.4, 0.8, 1.6, 3.2}}) {
    const std::vector<Levels> all = every_choice(problem, removal_losses);
    LevelChoice choice = problem.choice(removal_losses);
    for (const double share : {0.9, 0.8, 0.7, 0.6}) {
      const double limit = share * all.front().cost;
      const Levels found = choice.within(limit);
      EXPECT_LE(found.cost, limit);
      const std::size_t removal = found.removals.at(0);
      EXPECT_NEAR(
          found.cost,
          problem.curve(0, removal).at(found.shares[0]) + problem.curve(1, removal).at(found.shares[1]),
          1e-9 * limit);
      for (const Levels& other : all) {
        EXPECT_FALSE(other.cost <= found.cost && other.loss < 0.95 * found.loss)
            << share << ": shares " << other.shares[0] << " " << other.shares[1] << ", removal "
            << other.removals[0];
      }
    }
  }
}

TEST(UnitLevelChoice, ChannelsGoWhereNothingIsLostAndStayWhereMuchIs) {
  const Problem problem;
  const double limit = problem.curve(0, 1).at(1) + problem.curve(1, 1).at(1);
  EXPECT_EQ(problem.choice({1e-9, 1e-9, 1e-9, 1e-9, 1e-9}).within(limit).removals,
            std::vector<std::size_t>{1});
  EXPECT_EQ(problem.choice({1e3, 1e3, 1e3, 1e3, 1e3}).within(limit).removals, std::vector<std::size_t>{0});
  EXPECT_EQ(problem.choice({}).within(limit).removals, std::vector<std::size_t>{0}) << "not tried";
}

TEST(UnitLevelChoice, WhereNothingIsCheapEnoughTheCheapestIsGiven) {
  const Problem problem;
  const std::vector<double> removal_losses{0.01, 0.03, 0.1, 0.3, 1};
  const Levels found = problem.choice(removal_losses).within(0);
  EXPECT_EQ(found.removals, std::vector<std::size_t>{5});
  for (const Levels& other : every_choice(problem, removal_losses)) {
    EXPECT_LE(found.cost, other.cost * (1 + 1e-9));
  }
}

/// Four convolutions (16 -> 8) of one value, their ReLUs concatenated, and one that reads them (32 -> 24).
Network inception() {
  GraphBuilder graph;
  graph.input("x", {1, 16, 8, 8}).constant("w", {24, 32, 1, 1});
  std::vector<std::string> branches;
  for (const std::string name : {"a", "b", "c", "d"}) {
    graph.constant("w" + name, {8, 16, 1, 1}).node("Conv", {"x", "w" + name}, name, {1, 8, 8, 8});
    graph.node("Relu", {name}, "r" + name, {1, 8, 8, 8});
    branches.push_back("r" + name);
  }
  graph.node("Concat", branches, "all", {1, 32, 8, 8}, {{"axis", int64_t{1}}});
  return graph.node("Conv", {"all", "w"}, "y", {1, 24, 8, 8}).output("y").build();
}

// The reader's costs are then taken to follow the number of its channels.
TEST(PropertyLevelChoice, ALayerThatReadsManyGroupsCostsWhatItsChannelsCost) {
  const Network network = inception();
  const ActivationStats stats = dense_activations(network);
  const EnergySetting setting{read_accelerator("eyeriss-cvpr17"), {.weight_bits = 16, .activation_bits = 16}};
  const std::vector<ChannelGroup> groups = find_channel_groups(network);
  ASSERT_EQ(groups.size(), 4U);
  const std::vector<std::vector<double>> losses{
      {1e-9, 2e-9, 3e-9, 4e-9, 5e-9}, {1e-9, 1e-9, 1, 2, 3}, {1, 2, 3, 4, 5}, {1e-9, 2e-9, 3e-9, 1, 2}};
  std::vector<GroupChoices> choices;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    choices.push_back({groups[g], Problem::trial(losses[g])});
  }
  const std::vector<double> too_much(6, 100.0);
  std::vector<LayerChoices> layers(5, {.is_pruned = true, .nonzero = 128, .trial = {.losses = too_much}});
  layers[4].nonzero = 24 * 32;
  LevelChoice choice(network, stats, setting, Cost::energy, layers, choices);
  double dense = 0;
  for (std::size_t l = 0; l < 5; ++l) {
    dense += layer_cost(network, l, stats, setting, Cost::energy);
  }
  const Levels found = choice.within(0.8 * dense);
  EXPECT_GT(std::set<std::size_t>(found.removals.begin(), found.removals.end()).size(), 1U);
  double cost = 0;
  const std::vector<KeptChannels> kept = kept_channels(network, groups, choice.channels(found));
  for (std::size_t l = 0; l < 5; ++l) {
    cost += CostCurve(layer_alone(network, l, stats, kept[l]), setting, Cost::energy).at(found.shares[l]);
  }
  EXPECT_NEAR(found.cost, cost, 0.01 * cost);
}

// The weights that trials kept cost 1.02 times as much as the largest, at half of them 1.01 times.
TEST(UnitLevelChoice, CostsAreThoseOfWhatTrialsKept) {
  Problem problem;
  const CostCurve first = problem.curve(0, 0);
  const CostCurve second = problem.curve(1, 0);
  for (const double share : tried_shares) {
    problem.layers[0].trial.costs.push_back((share == 0.5 ? 1.01 : 1.02) * first.at(share));
  }
  const auto expected = [&](const Levels& found) {
    const double share = found.shares[0];
    const double factor = share > 0.7   ? 1 + 0.02 * (1 - share) / 0.3
                          : share > 0.5 ? 1.01 + 0.01 * (share - 0.5) / 0.2
                                        : 1.01 + 0.01 * std::min((0.5 - share) / 0.15, 1.0);
    return factor * first.at(share) + second.at(found.shares[1]);
  };
  std::set<double> shares;
  for (const double limit : {0.99, 0.95, 0.9, 0.85, 0.8}) {
    const Levels found = problem.choice({}).within(limit * (first.at(1) + second.at(1)));
    EXPECT_NEAR(found.cost, expected(found), 1e-9 * found.cost) << limit;
    shares.insert(found.shares[0]);
  }
  EXPECT_LT(*shares.begin(), 0.4);
  EXPECT_GT(*shares.rbegin(), 0.6);
}

// A quarter of eight channels: the first two of the order.
TEST(UnitLevelChoice, ARemovalTakesTheFirstChannelsOfTheOrder) {
  const Problem problem;
  const LevelChoice choice = problem.choice({0.01, 0.03, 0.1, 0.3, 1});
  EXPECT_EQ(choice.channels({.removals = {2}}).at(0), (std::vector<int64_t>{1, 6}));
  EXPECT_TRUE(choice.channels({.removals = {0}}).at(0).empty());
}

// Shares are of the channels that something reads, rounded down: 5/8 of six are three.
TEST(UnitLevelTrials, UnreadChannelsGoAnywayAndOneStays) {
  const GroupTrial two_unread{.unread = 2};
  EXPECT_EQ(channels_gone(two_unread, 8, 0), 2);
  EXPECT_EQ(channels_gone(two_unread, 8, 1), 2);
  EXPECT_EQ(channels_gone(two_unread, 8, 2), 3);
  EXPECT_EQ(channels_gone(two_unread, 8, 5), 5);
  EXPECT_EQ(channels_gone({.unread = 8}, 8, 0), 7);
  EXPECT_EQ(channels_gone({.unread = 7}, 8, 5), 7);
}

// Convolutions a and b (4 -> 4) with the same weights, behind one another: what goes saves energy in both.
TEST(UnitLevelChoice, LayersThatShareWeightsLoseThemTogether) {
  GraphBuilder graph;
  graph.input("x", {1, 4, 8, 8}).constant("w", {4, 4, 1, 1}).node("Conv", {"x", "w"}, "a", {1, 4, 8, 8});
  const Network network = graph.node("Conv", {"a", "w"}, "b", {1, 4, 8, 8}).output("b").build();
  const Problem problem{.network = network, .layers = {}};
  LevelChoice choice(
      network, problem.stats, problem.setting, Cost::energy,
      {{.is_pruned = true, .nonzero = 16, .trial = {.losses = {0.001, 0.004, 0.02, 0.08, 0.3, 1.2}}}, {}},
      {});
  const CostCurve one(layer_alone(network, 0, problem.stats), problem.setting, Cost::energy);
  const CostCurve other(layer_alone(network, 1, problem.stats), problem.setting, Cost::energy);
  const double dense = one.at(1) + other.at(1);
  const Levels found = choice.within(0.96 * dense);
  EXPECT_LE(found.cost, 0.96 * dense);
  EXPECT_GT(found.cost, 0.955 * dense);
  EXPECT_NEAR(found.cost, one.at(found.shares[0]) + other.at(found.shares[0]), 1e-9 * dense);
}

// Many weights are equal and every third is zero.
TEST(PropertyCostCurve, ALayerCostsWhatItDoesWithItsLargestWeightsAlone) {
  Problem problem;
  const MacLayer& layer = problem.network.layers[1];
  Matrix weights = weight_matrix(problem.network, layer);
  for (std::size_t i = 0; i < weights.values.size(); ++i) {
    weights.values[i] = static_cast<float>(i % 3 * (i % 7 + 1)) * (i % 2 == 0 ? 1.0F : -1.0F);
  }
  set_weight_matrix(problem.network, layer, weights);
  const int64_t count = count_nonzeros(weights);
  for (std::size_t c = 0; c < problem.stats.layers[1].tap_nonzeros.size(); ++c) {
    problem.stats.layers[1].tap_nonzeros[c] /= static_cast<double>(c + 1);
  }
  const CostCurve curve(layer_alone(problem.network, 1, problem.stats), problem.setting, Cost::energy);
  for (const double share : {0.0, 0.0625, 0.25, 0.5, 0.625, 0.875, 1.0}) {
    const auto keep = std::llround(share * static_cast<double>(count));
    const Support largest = keep_largest(weights, support_of(weights), keep, Scope::layer);
    set_weight_matrix(problem.network, layer, masked(weights, largest));
    EXPECT_DOUBLE_EQ(curve.at(share),
                     layer_cost(problem.network, 1, problem.stats, problem.setting, Cost::energy))
        << share;
  }
}

// Of 32 channels as many stay as the limit has room for, not four at a time: where zeros save nothing, and
// where zeros lose more than all that may go of the channels, which few of them lose as well.
void channels_are_returned(const std::vector<double>& losses_of_zeros,
                           const std::vector<double>& losses_of_channels) {
  GraphBuilder graph;
  graph.input("x", {1, 4, 8, 8}).constant("wa", {32, 4, 1, 1}).constant("wb", {5, 32, 1, 1});
  graph.node("Conv", {"x", "wa"}, "a", {1, 32, 8, 8}).node("Conv", {"a", "wb"}, "b", {1, 5, 8, 8});
  const Network network = graph.output("b").build();
  const Problem problem{
      .network = network,
      .setting = {read_accelerator("eyeriss"), {.weight_bits = 16, .activation_bits = 16}},
      .layers = {{.is_pruned = true, .nonzero = 128, .trial = {.losses = losses_of_zeros}},
                 {.is_pruned = true, .nonzero = 160, .trial = {.losses = losses_of_zeros}}}};
  GroupTrial trial{.losses = losses_of_channels};
  for (int64_t c = 0; c < 20; ++c) {
    trial.order.push_back(c);
  }
  const auto cost_without = [&](int64_t gone) {
    std::vector<int64_t> channels(trial.order.begin(), trial.order.begin() + gone);
    const auto kept = kept_channels(network, problem.groups, {channels});
    double cost = 0;
    for (const std::size_t l : {0, 1}) {
      const LayerAlone alone = layer_alone(network, l, problem.stats, kept[l]);
      cost += CostCurve(alone, problem.setting, Cost::energy).at(1);
    }
    return cost;
  };
  for (int64_t gone = 1; gone <= 20; ++gone) {
    const double limit = cost_without(gone);
    LevelChoice choice(network, problem.stats, problem.setting, Cost::energy, problem.layers,
                       {{problem.groups[0], trial}});
    const Levels found = choice.within(limit);
    EXPECT_LE(found.cost, limit);
    const auto removed = std::ssize(choice.channels(found)[0]);
    EXPECT_NEAR(found.cost, cost_without(removed), 1e-9 * limit);
    EXPECT_LE(removed, gone);
    EXPECT_GT(cost_without(removed - 1), limit);
  }
}

TEST(UnitLevelChoice, ChannelsAreReturnedWhereNothingElseGoes) {
  channels_are_returned({}, {0.01, 0.02, 0.03, 0.04, 0.05});
  channels_are_returned({1, 2, 3, 4, 5, 6}, {0.01, 0.01, 0.01, 0.01, 0.01});
}

}  // namespace
}  // namespace mj
