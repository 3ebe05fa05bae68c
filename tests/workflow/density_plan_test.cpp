#include "workflow/density_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "network/weights.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

ActivationStats dense_stats(const Network& network) {
  ActivationStats stats{.images = 1};
  for (const MacLayer& layer : network.layers) {
    const LayerShape& shape = layer.shape;
    const auto map = static_cast<double>(shape.height * shape.width);
    const auto positions = static_cast<double>(shape.p * shape.q);
    stats.layers.push_back(
        {std::vector<double>(static_cast<std::size_t>(shape.c * shape.r * shape.s), positions),
         std::vector<double>(static_cast<std::size_t>(shape.c), map),
         std::vector<double>(static_cast<std::size_t>(shape.k), positions)});
  }
  return stats;
}

EnergySetting setting(const char* accelerator) {
  return {read_accelerator(accelerator), {.batch = 1}};
}

TEST(PropertyDensityPlan, EnergyOfThePlannedNetworkMeetsTheGoal) {
  const Network network = small_network();
  const ActivationStats stats = dense_stats(network);
  const EnergySetting energy = setting("eyeriss-cvpr17");
  const double dense = total_energy(estimate_network(network, stats, energy)).value;
  for (const double share : {0.9, 0.7, 0.5}) {
    const auto ranks = magnitude_ranks(network);
    const RoundPlan plan =
        plan_round(network, stats, energy, ranks, false, {RoundGoal::Kind::energy, share * dense});
    ASSERT_TRUE(plan.reachable);
    Network pruned = network;
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      Matrix weights = weight_matrix(network, network.layers[l]);
      const auto count = static_cast<double>(weights.values.size());
      for (std::size_t i = 0; i < weights.values.size(); ++i) {
        // Ranks are 1/count ... 1 from the smallest weight on.
        if (ranks[l].values[i] * count <= count - static_cast<double>(plan.keep[l]) + 0.5) {
          weights.values[i] = 0;
        }
      }
      set_weight_matrix(pruned, network.layers[l], weights);
      EXPECT_EQ(count_nonzeros(weights), plan.keep[l]);
    }
    const double energy_after = total_energy(estimate_network(pruned, stats, energy)).value;
    EXPECT_LE(energy_after, share * dense * 1.02);  // the plan interpolates between ten densities
    EXPECT_GE(energy_after, share * dense * 0.95);
  }
}

TEST(UnitDensityPlan, OneDensityForAllLayersWhenScoresAreRanks) {
  const Network network = small_network();
  const RoundPlan plan = plan_round(network, dense_stats(network), setting("eyeriss-cvpr17"),
                                    magnitude_ranks(network), false, {RoundGoal::Kind::weights, 252});
  // 72 weights in the convolution and 432 in the product: half of each is kept.
  EXPECT_EQ(plan.keep, (std::vector<int64_t>{36, 216}));
}

// Half of 504 weights go, but the convolution's 72 may lose a quarter only.
TEST(UnitDensityPlan, LimitsOfLayersHold) {
  const Network network = small_network();
  const auto limits = most_zeros(network, {{network.layers[0].name, 0.25}, {"*", 0.9}});
  EXPECT_EQ(limits, (std::vector<double>{0.25, 0.9}));
  const RoundPlan plan = plan_round(network, dense_stats(network), setting("eyeriss-cvpr17"),
                                    magnitude_ranks(network), false, {RoundGoal::Kind::weights, 252}, limits);
  EXPECT_EQ(plan.keep[0], 54);
  EXPECT_NEAR(static_cast<double>(plan.keep[1]), 198, 1);
}

TEST(UnitDensityPlan, LayersWithTheSameWeightsLoseWhatTheLeastOfThemMay) {
  Network network = small_network();
  network.layers.push_back(network.layers[0]);
  network.layers.back().name = "again";
  EXPECT_EQ(most_zeros(network, {{"again", 0.3}}), (std::vector<double>{0.3, 1, 0.3}));
}

TEST(UnitDensityPlan, LayersThatTheScoresDoNotNeedLoseNothing) {
  Network network = small_network();
  network.constants["aux.weight"] = network.constants["fc.weight"];
  network.nodes.push_back({"aux", "Gemm", "", {"c", "aux.weight"}, {"second"}, {{"transB", int64_t{1}}}});
  network.outputs.push_back({"second", {-1, 3}});
  infer_shapes(network);
  EXPECT_EQ(layers_beside_scores(network), std::vector<std::size_t>{2});
  EXPECT_EQ(most_zeros(network, {}), (std::vector<double>{1, 1, 0}));
}

TEST(ErrorsDensityPlan, APatternThatNamesNoLayerIsRefused) {
  const Network network = small_network();
  try {
    most_zeros(network, {{"fire*", 0.5}});
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("has no layer 'fire*'; its 2 layers are "), std::string::npos);
  }
}

TEST(UnitDensityPlan, ZerosThatSaveNothingAreNotMade) {
  // On the chip zero weights gain nothing, so that no number of them reaches the goal.
  const Network network = small_network();
  const ActivationStats stats = dense_stats(network);
  const EnergySetting energy = setting("eyeriss");
  const double dense = total_energy(estimate_network(network, stats, energy)).value;
  const RoundPlan plan = plan_round(network, stats, energy, magnitude_ranks(network), true,
                                    {RoundGoal::Kind::energy, 0.5 * dense});
  EXPECT_FALSE(plan.reachable);
  EXPECT_EQ(plan.keep, (std::vector<int64_t>{72, 432}));
}

TEST(UnitLossScores, AreWeightSquaredTimesInputPowerTimesInformation) {
  const Network network = small_network();
  std::vector<std::vector<double>> power{std::vector<double>(18, 2.0), std::vector<double>(144, 1.0)};
  const std::vector<OutputInformation> information{{.diagonal = {1, 2, 3, 4}}, {.diagonal = {1, 1, 1}}};
  power[0][5] = 7;
  const auto scores = loss_scores(network, power, information);
  const double w = weight_matrix(network, network.layers[0]).at(2, 5);
  EXPECT_FLOAT_EQ(scores[0].at(2, 5), static_cast<float>(w * w * 7 * 3));
}

}  // namespace
}  // namespace mj
