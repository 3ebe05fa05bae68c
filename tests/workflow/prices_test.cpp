#include "workflow/prices.h"

#include <gtest/gtest.h>

#include <numeric>

#include "network/graph_builder.h"
#include "network/weights.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

/// Two convolutions of one value of eight channels (8 -> 16 by 3 x 3, in two groups, and 8 -> 12 by 1 x 1),
/// and the one that gives it (3 -> 8), all on maps of 16 x 16.
Network network_of_three() {
  GraphBuilder graph;
  graph.input("x", {1, 3, 16, 16}).constant("w0", {8, 3, 1, 1}).constant("w1", {16, 4, 3, 3});
  graph.constant("w2", {12, 8, 1, 1}).node("Conv", {"x", "w0"}, "a", {1, 8, 16, 16});
  graph.node("Relu", {"a"}, "r", {1, 8, 16, 16});
  graph.node("Conv", {"r", "w1"}, "b", {1, 16, 14, 14}, {{"group", int64_t{2}}});
  Network network = graph.node("Conv", {"r", "w2"}, "c", {1, 12, 16, 16}).output("b").output("c").build();
  for (const MacLayer& layer : network.layers) {
    Matrix weights = weight_matrix(network, layer);
    for (int64_t i = 0; i < weights.rows; ++i) {
      for (int64_t j = i % 2; j < weights.columns; j += 2) {
        weights.at(i, j) = 0;
      }
    }
    set_weight_matrix(network, layer, weights);
  }
  return network;
}

/// Channel c of the second and third layer's inputs is not zero at densities[c] of its places.
ActivationStats stats_of(const Network& network, const std::vector<double>& densities) {
  ActivationStats stats{.images = 1};
  for (const MacLayer& layer : network.layers) {
    const LayerShape& shape = layer.shape;
    const auto map = static_cast<double>(shape.height * shape.width);
    const auto positions = static_cast<double>(shape.p * shape.q);
    LayerActivations& activations = stats.layers.emplace_back();
    for (int64_t c = 0; c < shape.groups * shape.c; ++c) {
      const double density = shape.groups * shape.c == 8 ? densities[static_cast<std::size_t>(c)] : 1;
      activations.input_channel_nonzeros.push_back(density * map);
      for (int64_t tap = 0; tap < shape.r * shape.s; ++tap) {
        activations.tap_nonzeros.push_back(density * positions);
      }
    }
    for (int64_t k = 0; k < shape.groups * shape.k; ++k) {
      const double density = shape.groups * shape.k == 8 ? densities[static_cast<std::size_t>(k)] : 0.5;
      activations.output_channel_nonzeros.push_back(density * positions);
    }
  }
  return stats;
}

const std::vector<double> some_densities{0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.8, 0.6};

EnergySetting setting_of(const char* accelerator) {
  return {read_accelerator(accelerator), {.weight_bits = 16, .activation_bits = 16}};
}

std::vector<double> over_mean(std::vector<double> values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) {
    value /= mean;
  }
  return values;
}

// What the layer costs less without each tap's weights, divided by their number.
TEST(PropertyPrices, WeightsCostWhatTheLayerSavesWithoutThem) {
  const Network network = network_of_three();
  const ActivationStats stats = stats_of(network, some_densities);
  const EnergySetting setting = setting_of("eyeriss-cvpr17");
  for (const std::size_t layer : {std::size_t{1}, std::size_t{2}}) {
    const double all = layer_cost(network, layer, stats, setting, Cost::energy);
    const MacLayer& mac = network.layers[layer];
    const Matrix weights = weight_matrix(network, mac);
    std::vector<double> savings;
    for (int64_t group = 0; group < mac.shape.groups; ++group) {
      for (int64_t j = 0; j < weights.columns; ++j) {
        Matrix left = weights;
        for (int64_t i = group * mac.shape.k; i < (group + 1) * mac.shape.k; ++i) {
          left.at(i, j) = 0;
        }
        Network without = network;
        set_weight_matrix(without, mac, left);
        savings.push_back(all - layer_cost(without, layer, stats, setting, Cost::energy));
      }
    }
    const std::vector<double> expected = over_mean(savings);
    const std::vector<double> prices = weight_prices(network, layer, stats, setting, Cost::energy);
    ASSERT_EQ(prices.size(), expected.size());
    for (std::size_t j = 0; j < prices.size(); ++j) {
      EXPECT_NEAR(prices[j], expected[j], 0.05) << layer << ": " << j;
    }
  }
}

TEST(UnitPrices, AreTheSameWhereNothingTellsWeightsApart) {
  const Network network = network_of_three();
  const ActivationStats even = stats_of(network, std::vector<double>(8, 0.4));
  EXPECT_TRUE(weight_prices(network, 2, even, setting_of("eyeriss-cvpr17"), Cost::energy).empty());
  // Zeros save nothing there.
  const ActivationStats stats = stats_of(network, some_densities);
  EXPECT_TRUE(weight_prices(network, 2, stats, setting_of("tpu-v1"), Cost::energy).empty());
  // And no time here.
  EXPECT_TRUE(weight_prices(network, 2, stats, setting_of("eyeriss-cvpr17"), Cost::cycles).empty());
}

TEST(UnitPrices, CountNothingWhereAGoalIsANumberOfWeights) {
  PruneJob job = small_job();
  const ActivationStats stats = stats_of(job.network, {});
  LayerFit fit;
  fit.groups.emplace_back();
  price_weights(fit, job.network, 0, stats, job);
  EXPECT_TRUE(fit.groups[0].prices.empty()) << "all inputs are not zero";
  ActivationStats some = stats;
  for (std::size_t tap = 0; tap < 9; ++tap) {
    some.layers[0].tap_nonzeros[tap] /= 2;
  }
  price_weights(fit, job.network, 0, some, job);
  EXPECT_EQ(fit.groups[0].prices.size(), 18U);
  fit.groups[0].prices.clear();
  job.options.target.sparsity = 0.5;
  price_weights(fit, job.network, 0, some, job);
  EXPECT_TRUE(fit.groups[0].prices.empty());
}

}  // namespace
}  // namespace mj
