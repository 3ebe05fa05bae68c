#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "network/weights.h"
#include "tiny_network.h"

namespace mj {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

/// Two convolutions (uneven stride and padding; groups and dilation), a product, all with Relu between, and
/// what the layers store as outputs.
Network three_layers() {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2, 7, 8});
  tiny.constant("w1", {4, 2, 3, 2}, random_values(48, 1)).constant("b1", {4}, random_values(4, 2));
  tiny.node("Conv", {"x", "w1", "b1"}, "y1", {1, 4, 4, 4},
            {{"strides", std::vector<int64_t>{2, 2}}, {"pads", std::vector<int64_t>{1, 0, 2, 1}}});
  tiny.node("Relu", {"y1"}, "a1", {1, 4, 4, 4});
  tiny.constant("w2", {6, 2, 2, 2}, random_values(48, 3));
  tiny.node("Conv", {"a1", "w2"}, "y2", {1, 6, 4, 4},
            {{"group", int64_t{2}},
             {"dilations", std::vector<int64_t>{2, 2}},
             {"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  tiny.node("Relu", {"y2"}, "a2", {1, 6, 4, 4}).node("Flatten", {"a2"}, "f", {1, 96});
  tiny.constant("w3", {96, 3}, random_values(288, 4)).constant("b3", {3}, random_values(3, 5));
  tiny.node("MatMul", {"f", "w3"}, "m", {1, 3}).node("Add", {"m", "b3"}, "y3", {1, 3});
  return tiny.build({"y3", "a1", "a2"});
}

constexpr std::size_t measured_images = 5;

NetworkInputs sparse_images() {
  return images_of(sparse_values(measured_images * 2 * 7 * 8, 6), 2, 7, 8);
}

/// Non-zero inputs that each tap meets, by stepping through all positions; the mean per image.
std::vector<double> count_taps(const LayerShape& shape, const std::vector<float>& maps) {
  std::vector<double> taps;
  const int64_t size = shape.groups * shape.c * shape.height * shape.width;
  for (int64_t tap = 0; tap < shape.groups * shape.c * shape.r * shape.s; ++tap) {
    const int64_t channel = tap / (shape.r * shape.s);
    const int64_t r = tap / shape.s % shape.r;
    const int64_t s = tap % shape.s;
    double count = 0;
    for (std::size_t image = 0; image < measured_images; ++image) {
      for (int64_t p = 0; p < shape.p; ++p) {
        for (int64_t q = 0; q < shape.q; ++q) {
          const int64_t y = p * shape.stride[0] + r * shape.dilation[0] - shape.pads[0];
          const int64_t x = q * shape.stride[1] + s * shape.dilation[1] - shape.pads[1];
          if (y >= 0 && y < shape.height && x >= 0 && x < shape.width) {
            const auto at =
                static_cast<int64_t>(image) * size + (channel * shape.height + y) * shape.width + x;
            count += maps[static_cast<std::size_t>(at)] != 0 ? 1 : 0;
          }
        }
      }
    }
    taps.push_back(count / measured_images);
  }
  return taps;
}

std::vector<double> count_channels(const std::vector<float>& maps, std::size_t channels) {
  const std::size_t positions = maps.size() / measured_images / channels;
  std::vector<double> counts(channels);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    counts[i / positions % channels] += maps[i] != 0 ? 1.0 / measured_images : 0;
  }
  return counts;
}

std::vector<float> all_values(const NetworkInputs& inputs) {
  std::vector<float> values(inputs.size *
                            static_cast<std::size_t>(inputs.channels * inputs.height * inputs.width));
  for (std::size_t i = 0; i < inputs.size; ++i) {
    const std::size_t size = values.size() / inputs.size;
    inputs.load(i, std::span(values).subspan(i * size, size));
  }
  return values;
}

TEST(PropertyStatistics, EqualACountByBruteForce) {
  const auto network = three_layers();
  const auto inputs = sparse_images();
  const auto session = open_session(network, one_thread(2));
  const auto stats = session->measure_activations(inputs, {}, {});
  ASSERT_EQ(stats.layers.size(), 3U);
  EXPECT_EQ(stats.images, 5);
  const auto x = all_values(inputs);
  const auto values = session->run({floats({measured_images, 2, 7, 8}, x)});
  const std::vector<std::vector<float>> read{x, values[1].floats, values[2].floats};
  const std::vector<std::vector<float>> stored{values[1].floats, values[2].floats, values[0].floats};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& shape = network.layers[i].shape;
    EXPECT_THAT(stats.layers[i].tap_nonzeros, Pointwise(DoubleNear(1e-9), count_taps(shape, read[i])));
    EXPECT_THAT(stats.layers[i].input_channel_nonzeros,
                Pointwise(DoubleNear(1e-9),
                          count_channels(read[i], static_cast<std::size_t>(shape.groups * shape.c))));
    EXPECT_THAT(stats.layers[i].output_channel_nonzeros,
                Pointwise(DoubleNear(1e-9),
                          count_channels(stored[i], static_cast<std::size_t>(shape.groups * shape.k))));
  }
}

TEST(PropertyStatistics, DoNotDependOnTheBatchSize) {
  const auto network = three_layers();
  const auto one = open_session(network, one_thread(1))->measure_activations(sparse_images(), {}, {});
  const auto all = open_session(network, one_thread(5))->measure_activations(sparse_images(), {}, {});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(one.layers[i].tap_nonzeros, all.layers[i].tap_nonzeros);
  }
}

/// inputs x weights^T + bias of each group must be what the layer gave.
void expect_outputs_from_inputs(const Network& network, const MacLayer& layer, const LayerSamples& samples) {
  const Matrix weights = weight_matrix(network, layer);
  const auto bias = bias_vector(network, layer);
  const auto& shape = layer.shape;
  ASSERT_EQ(samples.outputs.columns, shape.groups * shape.k);
  for (int64_t row = 0; row < samples.outputs.rows; ++row) {
    for (int64_t k = 0; k < samples.outputs.columns; ++k) {
      const Matrix& inputs = samples.inputs[static_cast<std::size_t>(k / shape.k)];
      ASSERT_EQ(inputs.rows, samples.outputs.rows);
      double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(k)];
      for (int64_t d = 0; d < weights.columns; ++d) {
        sum += static_cast<double>(weights.at(k, d)) * inputs.at(row, d);
      }
      EXPECT_NEAR(samples.outputs.at(row, k), sum, 1e-4) << layer.name << " row " << row << " output " << k;
    }
  }
}

TEST(PropertySamples, InputsTimesWeightsPlusBiasAreTheOutputs) {
  const auto network = three_layers();
  const auto session = open_session(network, one_thread(2));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto samples = session->sample_layer(sparse_images(), i, {6, 9}, {});
    EXPECT_EQ(samples.outputs.rows, i < 2 ? 30 : 5);
    expect_outputs_from_inputs(network, network.layers[i], samples);
  }
}

TEST(UnitSamples, WhatIsNotAskedForIsEmptyAndTheRestTheSame) {
  const auto network = three_layers();
  const auto session = open_session(network, one_thread(2));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto all = session->sample_layer(sparse_images(), i, {6, 9}, {});
    const auto inputs =
        session->sample_layer(sparse_images(), i, {.positions = 6, .seed = 9, .outputs = false}, {});
    const auto outputs =
        session->sample_layer(sparse_images(), i, {.positions = 6, .seed = 9, .inputs = false}, {});
    ASSERT_EQ(inputs.inputs.size(), all.inputs.size());
    for (std::size_t group = 0; group < all.inputs.size(); ++group) {
      EXPECT_EQ(inputs.inputs[group].values, all.inputs[group].values);
    }
    EXPECT_EQ(inputs.outputs.rows, 0);
    EXPECT_TRUE(outputs.inputs.empty());
    EXPECT_EQ(outputs.outputs.values, all.outputs.values);
  }
}

// A sequence of three tokens of two features: every token is an output position.
TEST(PropertySamples, TokensAreOutputPositions) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 1, 3, 2}).constant("w", {2, 4}, random_values(8, 1));
  tiny.node("MatMul", {"x", "w"}, "y", {1, 1, 3, 4});
  const auto network = tiny.build({"y"});
  const auto session = open_session(network, one_thread());
  const auto samples = session->sample_layer(images_of(random_values(24, 2), 1, 3, 2), 0, {2, 1}, {});
  EXPECT_EQ(samples.outputs.rows, 8);
  expect_outputs_from_inputs(network, network.layers[0], samples);
}

TEST(UnitSamples, OtherWeightsGiveTheSamePositions) {
  const auto network = three_layers();
  auto other = network;
  other.constants.at("w1").floats = random_values(48, 77);
  const auto inputs = sparse_images();
  const auto a = open_session(network, one_thread(3))->sample_layer(inputs, 0, {4, 1}, {});
  const auto b = open_session(other, one_thread(2))->sample_layer(inputs, 0, {4, 1}, {});
  EXPECT_EQ(a.inputs[0].values, b.inputs[0].values);
  EXPECT_NE(a.outputs.values, b.outputs.values);
  const auto c = open_session(network, one_thread())->sample_layer(inputs, 0, {4, 2}, {});
  EXPECT_NE(a.inputs[0].values, c.inputs[0].values);
}

// What stands behind the sampled layer is not run: here it could not be.
TEST(UnitSamples, TheGraphRunsOnlyAsFarAsNeeded) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 1, 1, 2}).constant("w", {1, 1, 1, 1}, {2});
  tiny.node("Conv", {"x", "w"}, "y", {1, 1, 1, 2}).integers("nine", {9}).node("Reshape", {"y", "nine"}, "z");
  const auto session = open_session(tiny.build({"z"}), one_thread());
  const auto inputs = images_of({3, 4}, 1, 1, 2);
  EXPECT_THAT(session->sample_layer(inputs, 0, {}, {}).outputs.values, testing::ElementsAre(6, 8));
  EXPECT_ANY_THROW(session->forward(inputs, {}, {}));
}

// A product that gives the logits z themselves: the diagonal Fisher information of z is p (1 - p), p =
// softmax(z); 3000 draws, three standard errors.
TEST(UnitSensitivity, IsTheFisherInformationOfTheLogits) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2}).constant("w", {2, 3}, {1, 0, 0.5F, 0, 1, -0.5F});
  tiny.node("MatMul", {"x", "w"}, "y", {1, 3});
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) {
    values.insert(values.end(), {0.7F, -0.2F});
  }
  const auto session = open_session(tiny.build({"y"}), one_thread());
  const auto information = session->output_information(images_of(values, 1, 1, 2), 3, 4, {}, {});
  const std::vector<double> z{0.7, -0.2, 0.45};
  const double sum = std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]);
  ASSERT_EQ(information.size(), 1U);
  ASSERT_EQ(information[0].groups.size(), 1U);
  for (std::size_t k = 0; k < 3; ++k) {
    const double p = std::exp(z[k]) / sum;
    EXPECT_NEAR(information[0].diagonal[k], p * (1 - p), 3 * std::sqrt(p * (1 - p) / 3000));
    for (std::size_t l = 0; l < 3; ++l) {
      const double wanted = (k == l ? p : 0) - p * std::exp(z[l]) / sum;
      EXPECT_NEAR(information[0].groups[0].at(static_cast<int64_t>(k), static_cast<int64_t>(l)), wanted,
                  0.03);
    }
  }
}

// Logits (0, 0, -40) leave the first two classes alike: whichever is drawn, the squared gradients are (1/4,
// 1/4, 0) and the product of the first two is -1/4. Logits (20, 0, -40) leave none. By hand, of two images of
// the first kind and one of the other: mean squares (1/6, 1/6, 0), their noise ((1/8 + 1/8) / 3 - 1/18) / 2 =
// 1/72, their differences' squares 1/54; beside the diagonal -1/6 twice, noise 1/72 and squares 1/18.
TEST(UnitSensitivity, IsAsCertainAsItsImagesAgree) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 2}).constant("w", {2, 3}, {20, 0, 0, 0, 0, -40});
  tiny.node("MatMul", {"x", "w"}, "y", {1, 3});
  const auto session = open_session(tiny.build({"y"}), one_thread());
  const auto inputs = images_of({0, 1, 0, 1, 1, 1}, 1, 1, 2);
  const auto whole = session->output_information(inputs, 3, 4, {}, {}).at(0);
  EXPECT_NEAR(whole.diagonal_certainty, 1 - 54.0 / 72, 1e-5);
  EXPECT_NEAR(whole.certainty, 1 - 18.0 / 72, 1e-5);
  EXPECT_NEAR(session->output_information(inputs, 0, 4, {}, {}).at(0).diagonal_certainty, 1 - 54.0 / 72,
              1e-5);
}

// Logits (v y, 0) of a map y of 2 x 2: gradients at its positions are as v, whatever class is drawn. The
// square of their sum over the sum of their squares, by hand.
TEST(UnitSensitivity, NeighboursAgreeAsTheirGradientsDo) {
  const auto agreement = [](const std::vector<float>& v) {
    TinyNetwork tiny;
    tiny.input("x", {-1, 1, 2, 2})
        .constant("w", {1, 1, 1, 1}, {1})
        .node("Conv", {"x", "w"}, "y", {1, 1, 2, 2});
    tiny.constant("v", {4, 2}, {v[0], 0, v[1], 0, v[2], 0, v[3], 0}).node("Flatten", {"y"}, "f", {1, 4});
    tiny.node("MatMul", {"f", "v"}, "z", {1, 2});
    const auto session = open_session(tiny.build({"z"}), one_thread());
    return session->output_information(images_of({.1F, .2F, -.1F, .3F}, 1, 2, 2), 3, 4, {}, {})
        .at(0)
        .agreement;
  };
  EXPECT_NEAR(agreement({1, 1, 1, 1}), 4, 1e-5);
  EXPECT_NEAR(agreement({1, -1, 1, -1}), 0, 1e-5);
  EXPECT_NEAR(agreement({0, 2, 0, 0}), 1, 1e-5);
  EXPECT_NEAR(agreement({3, 4, 0, 0}), 49.0 / 25, 1e-5);
}

// Doubling a layer's weights and halving the next one's leaves the function, doubles the first layer's
// outputs and so quarters what a change of them counts (Relu is linear for positive factors).
TEST(PropertySensitivity, ScalesWithTheInverseSquareOfAnOutput) {
  auto network = three_layers();
  const auto inputs = sparse_images();
  const auto before = open_session(network, one_thread())->output_information(inputs, 0, 1, {}, {});
  for (const auto* name : {"w1", "b1"}) {
    for (auto& value : network.constants.at(name).floats) {
      value *= 2;
    }
  }
  for (auto& value : network.constants.at("w2").floats) {
    value /= 2;
  }
  const auto after = open_session(network, one_thread(2))->output_information(inputs, 0, 1, {}, {});
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(after[0].diagonal[k], before[0].diagonal[k] / 4, 1e-4 * before[0].diagonal[k]);
  }
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_NEAR(after[1].diagonal[k], before[1].diagonal[k], 1e-4 * before[1].diagonal[k]);
  }
}

}  // namespace
}  // namespace mj
