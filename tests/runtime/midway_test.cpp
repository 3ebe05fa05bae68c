// Passes that start where what they need was kept must give what passes over the images give, to the last
// bit.

#include <gtest/gtest.h>

#include <algorithm>

#include "residual_network.h"

namespace mj {
namespace {

constexpr std::size_t images = 7;
constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

NetworkInputs some_images() {
  return images_of(random_values(images * 3 * 81, 7), 3, 9, 9);
}

/// Two branches, whose nodes an exporter wrote level by level.
Network interleaved() {
  TinyNetwork tiny;
  const Shape map{1, 4, 9, 9};
  const TinyNetwork::Attributes same{{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  tiny.input("x", {-1, 3, 9, 9});
  tiny.constant("wa", {4, 3, 3, 3}, random_values(108, 1))
      .constant("wb", {4, 3, 3, 3}, random_values(108, 2));
  tiny.constant("wc", {2, 8, 3, 3}, random_values(144, 3));
  tiny.node("Conv", {"x", "wa"}, "ya", map, same).node("Conv", {"x", "wb"}, "yb", map, same);
  batch_norm(tiny, "ya", "na", 4, map, 10);
  batch_norm(tiny, "yb", "nb", 4, map, 20);
  tiny.node("Relu", {"na"}, "aa", map).node("Relu", {"nb"}, "ab", map);
  tiny.node("Concat", {"aa", "ab"}, "both", {1, 8, 9, 9}, {{"axis", int64_t{1}}});
  tiny.node("Conv", {"both", "wc"}, "out", {1, 2, 9, 9}, same);
  return tiny.build({"out"});
}

/// The scores, and behind them in the file a layer for a second output.
Network with_auxiliary_head() {
  TinyNetwork tiny;
  tiny.input("x", {-1, 3, 9, 9});
  tiny.constant("wa", {4, 3, 3, 3}, random_values(108, 1)).constant("wb", {2, 4, 3, 3}, random_values(72, 2));
  tiny.constant("wc", {5, 4, 3, 3}, random_values(180, 3));
  tiny.node("Conv", {"x", "wa"}, "a", {1, 4, 7, 7}).node("Relu", {"a"}, "r", {1, 4, 7, 7});
  tiny.node("Conv", {"r", "wb"}, "scores", {1, 2, 5, 5});
  tiny.node("Conv", {"r", "wc"}, "second", {1, 5, 5, 5});
  return tiny.build({"scores", "second"});
}

TEST(PropertyMidway, PassesFromALayerOnEqualWholePasses) {
  const NetworkInputs inputs = some_images();
  for (const Network& network : {residual(), interleaved(), with_auxiliary_head()}) {
    const auto session = open_session(network, {2, 2});
    const Matrix whole = session->forward(inputs, {}, {}).values;
    std::shared_ptr<const Midway> step_by_step;
    for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
      const auto direct = session->run_to(inputs, layer, nullptr, unlimited, {});
      step_by_step = session->run_to(inputs, layer, step_by_step.get(), unlimited, {});
      for (const Midway* start : {direct.get(), step_by_step.get()}) {
        EXPECT_EQ(session->forward_from(*start, {}).values.values, whole.values);
        EXPECT_EQ(session->forward_from(*start, {}).values.values, whole.values) << "a second time";
        for (std::size_t later = layer; later < network.layers.size(); ++later) {
          const auto samples = session->sample_layer_from(*start, later, {4, 1}, {});
          const auto expected = session->sample_layer(inputs, later, {4, 1}, {});
          EXPECT_EQ(samples.outputs.values, expected.outputs.values);
          EXPECT_EQ(samples.inputs[0].values, expected.inputs[0].values);
        }
      }
    }
  }
}

TEST(UnitMidway, ChangedConstantsOfLaterLayersCount) {
  Network network = residual();
  const NetworkInputs inputs = some_images();
  const auto session = open_session(network, one_thread());
  const auto start = session->run_to(inputs, 1, nullptr, unlimited, {});
  network.constants.at("w1").floats = random_values(144, 99);
  session->load_constants(network);
  EXPECT_EQ(session->forward_from(*start, {}).values.values, session->forward(inputs, {}, {}).values.values);
}

// Before layer 1 of the residual block 4 x 9 x 9 floats of `y0` and of its rectification are needed.
TEST(UnitMidway, WhatTakesTooMuchMemoryIsNotKept) {
  const auto session = open_session(residual(), one_thread(2));
  const NetworkInputs inputs = some_images();
  const std::size_t bytes = images * 2 * 4 * 81 * sizeof(float);
  EXPECT_NE(session->run_to(inputs, 1, nullptr, bytes, {}), nullptr);
  EXPECT_EQ(session->run_to(inputs, 1, nullptr, bytes - 1, {}), nullptr);
}

}  // namespace
}  // namespace mj
