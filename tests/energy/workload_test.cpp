#include "energy/workload.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "energy/random_layer.h"

namespace {

/// A network of one convolution with the given weights, (groups K) x (C R S).
mj::Network one_convolution(const mj::LayerShape& shape, std::vector<float> weights) {
  mj::Network network;
  mj::Tensor tensor;
  tensor.shape = {shape.groups * shape.k, shape.c, shape.r, shape.s};
  tensor.floats = std::move(weights);
  network.constants["w"] = tensor;
  mj::MacLayer layer;
  layer.name = "conv";
  layer.op = "Conv";
  layer.weights = "w";
  layer.shape = shape;
  layer.shape.n = 1;
  network.layers = {layer};
  return network;
}

std::vector<float> random_values(mj::Random& random, int64_t count, double density) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    value = random.uniform() < density ? static_cast<float>(random.normal()) : 0;
  }
  return values;
}

/// An input map of groups C channels, zero where a tap reaches into the padding.
struct Map {
  const mj::LayerShape& shape;
  std::vector<float> values;

  float met(int64_t channel, int64_t output_row, int64_t output_column, int64_t tap_row,
            int64_t tap_column) const {
    const int64_t y = output_row * shape.stride[0] + tap_row * shape.dilation[0] - shape.pads[0];
    const int64_t x = output_column * shape.stride[1] + tap_column * shape.dilation[1] - shape.pads[1];
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) {
      return 0;
    }
    return values[static_cast<std::size_t>((channel * shape.height + y) * shape.width + x)];
  }
};

/// Calls visit(filter, input channel, weight's column, input met) for every MAC of one image.
template <class Visit>
void for_each_mac(const Map& map, Visit visit) {
  const mj::LayerShape& s = map.shape;
  for (int64_t filter = 0; filter < s.groups * s.k; ++filter) {
    const int64_t first_channel = filter / s.k * s.c;
    for (int64_t column = 0; column < s.c * s.r * s.s; ++column) {
      for (int64_t position = 0; position < s.p * s.q; ++position) {
        const int64_t channel = first_channel + column / (s.r * s.s);
        visit(filter, channel, column,
              map.met(channel, position / s.q, position % s.q, column / s.s % s.r, column % s.s));
      }
    }
  }
}

/// What a run on one image would measure, by brute force over the first filter of each group.
mj::LayerActivations measure(const Map& map) {
  const mj::LayerShape& s = map.shape;
  const int64_t taps = s.c * s.r * s.s;
  mj::LayerActivations activations;
  activations.tap_nonzeros.assign(static_cast<std::size_t>(s.groups * taps), 0);
  for_each_mac(map, [&](int64_t filter, int64_t, int64_t column, float input) {
    if (filter % s.k == 0 && input != 0) {
      ++activations.tap_nonzeros[static_cast<std::size_t>(filter / s.k * taps + column)];
    }
  });
  activations.input_channel_nonzeros.assign(static_cast<std::size_t>(s.groups * s.c), 0);
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    const auto channel = static_cast<int64_t>(i) / (s.height * s.width);
    activations.input_channel_nonzeros[static_cast<std::size_t>(channel)] += map.values[i] != 0 ? 1 : 0;
  }
  activations.output_channel_nonzeros.assign(static_cast<std::size_t>(s.groups * s.k), 2);
  return activations;
}

TEST(PropertyWorkload, NonzeroMacsAreThoseThatABruteForceConvolutionMeets) {
  mj::Random random(11);
  for (int i = 0; i < 100; ++i) {
    const auto shape = random_shape(random, 5);
    const auto weights = random_values(random, weight_count(shape), random.uniform());
    const Map map{
        shape, random_values(random, shape.groups * shape.c * shape.height * shape.width, random.uniform())};
    double both = 0;
    double inputs = 0;
    for_each_mac(map, [&](int64_t filter, int64_t, int64_t column, float input) {
      const float weight = weights[static_cast<std::size_t>(filter * shape.c * shape.r * shape.s + column)];
      both += weight != 0 && input != 0 ? 1 : 0;
      inputs += input != 0 ? 1 : 0;
    });
    const auto network = one_convolution(shape, weights);
    const auto activations = measure(map);
    const auto layer = make_workload(network, network.layers[0], &activations, {.batch = 3});
    EXPECT_EQ(layer.nonzero_macs, 3 * both);
    EXPECT_EQ(layer.nonzero_input_macs, 3 * inputs);
  }
}

// 2 filters of 2 channels x 1 x 2; 4 of 8 weights are zero. Outputs 3 x 2, batch 5.
mj::LayerShape tiny_shape() {
  mj::LayerShape shape;
  shape.k = 2;
  shape.c = 2;
  shape.s = 2;
  shape.p = 3;
  shape.q = 2;
  shape.height = 3;
  shape.width = 2;
  shape.pads = {0, 0, 0, 1};
  return shape;
}

const std::vector<float> tiny_weights{1, 0, 0, 2, 3, 0, 4, 0};

TEST(UnitWorkload, WithoutDataActivationsAreDenseAndPaddingCounts) {
  const auto network = one_convolution(tiny_shape(), tiny_weights);
  const auto layer = make_workload(network, network.layers[0], nullptr, {.batch = 5});
  EXPECT_EQ(layer.shape.n, 5);
  EXPECT_EQ(layer.nonzero_weights, 4);
  EXPECT_EQ(layer.weight_pairs, 4);              // runs are short
  EXPECT_EQ(layer.nonzero_macs, 4 * 3 * 2 * 5);  // non-zero weights x positions x images
  EXPECT_EQ(layer.nonzero_weight_macs, 4 * 3 * 2 * 5);
  EXPECT_EQ(layer.nonzero_input_macs, 8 * 3 * 2 * 5);
  EXPECT_EQ(layer.nonzero_inputs, 5 * 2 * 3 * 3);  // the padded maps
  EXPECT_EQ(layer.nonzero_outputs, 5 * 2 * 3 * 2);
  EXPECT_EQ(layer.input_density, 1);
}

TEST(UnitWorkload, MeasuredNonzerosAreMeansPerImageTimesTheBatch) {
  const auto network = one_convolution(tiny_shape(), tiny_weights);
  const mj::LayerActivations activations{{1.5, 2, 3, 4}, {2, 1}, {1.5, 4.5}};
  const auto layer = make_workload(network, network.layers[0], &activations, {.batch = 5});
  // nnz(W) by tap: 2, 0, 1, 1.
  EXPECT_EQ(layer.nonzero_macs, 5 * (2 * 1.5 + 0 * 2 + 1 * 3 + 1 * 4));
  EXPECT_EQ(layer.nonzero_input_macs, 5 * 2 * (1.5 + 2 + 3 + 4));
  EXPECT_EQ(layer.nonzero_inputs, 15);
  EXPECT_EQ(layer.nonzero_outputs, 30);
  EXPECT_EQ(layer.input_density, 3.0 / 12);
  EXPECT_EQ(layer.output_density, 6.0 / 12);
}

TEST(UnitWorkload, WithoutValuesWeightsAreDense) {
  auto network = one_convolution(tiny_shape(), tiny_weights);
  network.constants.clear();
  const auto layer = make_workload(network, network.layers[0], nullptr, {});
  EXPECT_EQ(layer.nonzero_weights, 8);
  EXPECT_EQ(layer.weight_pairs, 8);
  EXPECT_EQ(layer.nonzero_macs, 8 * 3 * 2);
}

TEST(UnitWorkload, TheSecondOperandOfAProductOfActivationsIsDense) {
  auto network = one_convolution(tiny_shape(), tiny_weights);
  network.layers[0].layout = mj::WeightLayout::none;
  const auto layer = make_workload(network, network.layers[0], nullptr, {});
  EXPECT_EQ(layer.nonzero_weights, 8);
  EXPECT_EQ(layer.weight_pairs, 8);
}

TEST(UnitWorkload, AllLayersAreTakenInOrder) {
  auto network = one_convolution(tiny_shape(), tiny_weights);
  network.layers.push_back(network.layers[0]);
  network.layers[1].name = "second";
  network.layers[0].reads_network_input = true;
  mj::ActivationStats stats;
  stats.layers = {{{1, 1, 1, 1}, {1, 1}, {1, 1}}, {{2, 2, 2, 2}, {2, 2}, {2, 2}}};
  const auto layers = make_workloads(network, &stats, {.weight_bits = 8, .activation_bits = 4});
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[1].name, "second");
  EXPECT_TRUE(layers[0].reads_network_input);
  EXPECT_FALSE(layers[1].reads_network_input);
  EXPECT_EQ(layers[1].nonzero_macs, 2 * layers[0].nonzero_macs);
  EXPECT_EQ(layers[0].weight_bits, 8);
  EXPECT_EQ(layers[0].activation_bits, 4);
}

// JSSC 2017, section IV-B: a run of at most 31 zeros, then a value, which is a zero where the run is longer.
TEST(UnitRunLength, APairHoldsAtMost31ZerosAndAValue) {
  std::vector<float> values(31, 0.0F);
  values.push_back(5);
  EXPECT_EQ(mj::run_length_pairs(values.data(), 32, 5), 1);
  values.insert(values.begin(), 0.0F);  // 32 zeros: the pair's value is the last of them
  EXPECT_EQ(mj::run_length_pairs(values.data(), 33, 5), 2);
  values.insert(values.begin(), 31, 0.0F);  // 63 zeros: 32, then a run of 31
  EXPECT_EQ(mj::run_length_pairs(values.data(), 64, 5), 2);
  values.insert(values.begin(), 0.0F);  // 64 zeros: twice 32
  EXPECT_EQ(mj::run_length_pairs(values.data(), 65, 5), 3);
}

TEST(UnitRunLength, DenseValuesTakeAPairEachAndZerosBehindThemNone) {
  const std::vector<float> values{1, 2, 3, 0, 0};
  EXPECT_EQ(mj::run_length_pairs(values.data(), 5, 5), 3);
  EXPECT_EQ(mj::run_length_pairs(values.data(), 0, 5), 0);
}

// The word that the paper's Fig. 8 packs first: runs of 2, 4 and 0 zeros before 12, 53 and 22.
TEST(UnitRunLength, ThePapersExampleTakesThreePairs) {
  const std::vector<float> values{0, 0, 12, 0, 0, 0, 0, 53, 22};
  EXPECT_EQ(mj::run_length_pairs(values.data(), 9, 5), 3);
}

TEST(ErrorsWorkload, ABatchThatCannotBeCountedIsNamed) {
  const auto network = one_convolution(tiny_shape(), tiny_weights);
  try {
    make_workloads(network, nullptr, {.batch = int64_t{1} << 60});
    FAIL();
  } catch (const mj::InputError& error) {
    // 2^53 / 48 MACs an image, rounded down.
    EXPECT_STREQ(error.what(),
                 "batch: is 1152921504606846976; must be from 1 to 187649984473770, so that layer conv can "
                 "be counted");
  }
}

}  // namespace
