// Passes over images go through fused operators on channels-last maps, Session::run through each operator by
// itself on maps as they are declared: both must give the same.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "residual_network.h"

namespace mj {
namespace {

using Attributes = TinyNetwork::Attributes;
using testing::FloatNear;
using testing::Pointwise;

constexpr std::size_t fused_images = 6;

Network pooled(const Attributes& window) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 3, 9, 11}).node("MaxPool", {"x"}, "y", {}, window);
  return tiny.build({"y"});
}

void expect_same_both_ways(const Network& network, int64_t height, int64_t width) {
  const auto values = random_values(fused_images * static_cast<std::size_t>(3 * height * width), 7);
  const auto session = open_session(network, one_thread(2));
  const Shape shape{static_cast<int64_t>(fused_images), 3, height, width};
  const auto plain = session->run({floats(shape, values)});
  const auto fused = session->forward(images_of(values, 3, height, width), {}, {});
  EXPECT_THAT(fused.values.values, Pointwise(FloatNear(1e-3F), plain[0].floats));
}

TEST(PropertyFusion, AResidualBlockGivesWhatItsOperatorsGive) {
  expect_same_both_ways(residual(), 9, 9);
}

TEST(PropertyFusion, MaximaOverChannelsLastAreThoseOfLibtorch) {
  const std::vector<int64_t> three{3, 3};
  const std::vector<int64_t> two{2, 2};
  for (const auto& window :
       {Attributes{{"kernel_shape", three}, {"strides", two}},
        Attributes{{"kernel_shape", three}, {"strides", two}, {"ceil_mode", int64_t{1}}},
        Attributes{{"kernel_shape", three}, {"pads", std::vector<int64_t>{1, 0, 2, 1}}},
        Attributes{{"kernel_shape", two}, {"dilations", three}, {"pads", std::vector<int64_t>{1, 2, 1, 1}}},
        Attributes{{"kernel_shape", std::vector<int64_t>{1, 4}}, {"auto_pad", std::string("SAME_LOWER")}}}) {
    expect_same_both_ways(pooled(window), 9, 11);
  }
}

TEST(UnitFusion, WhatIsNotANumberIsALargestValue) {
  const auto session = open_session(pooled({{"kernel_shape", std::vector<int64_t>{9, 11}}}), one_thread());
  auto values = random_values(std::size_t{3} * 9 * 11, 7);
  values[120] = std::nanf("");  // In the second channel.
  const auto largest = session->forward(images_of(values, 3, 9, 11), {}, {}).values.values;
  EXPECT_FALSE(std::isnan(largest[0]));
  EXPECT_TRUE(std::isnan(largest[1]));
  EXPECT_FALSE(std::isnan(largest[2]));
}

TEST(UnitFusion, NewConstantsAreTakenUp) {
  Network network = residual();
  const auto session = open_session(network, one_thread());
  const auto inputs = images_of(random_values(fused_images * 3 * 81, 7), 3, 9, 9);
  (void)session->forward(inputs, {}, {});
  network.constants.at("n1_scale").floats = random_values(4, 99);
  session->load_constants(network);
  const auto fresh = open_session(network, one_thread());
  EXPECT_EQ(session->forward(inputs, {}, {}).values.values, fresh->forward(inputs, {}, {}).values.values);
}

TEST(PropertyFusion, ThreadsDoNotChangeWhatPassesGive) {
  const Network network = residual();
  const auto inputs = images_of(random_values(fused_images * 3 * 81, 7), 3, 9, 9);
  const auto one = open_session(network, {1, 1});
  const auto three = open_session(network, {3, 1});
  EXPECT_EQ(one->forward(inputs, {}, {}).values.values, three->forward(inputs, {}, {}).values.values);
  const auto of_one = one->output_information(inputs, 100, 5, {}, {});
  const auto of_three = three->output_information(inputs, 100, 5, {}, {});
  for (std::size_t layer = 0; layer < of_one.size(); ++layer) {
    EXPECT_EQ(of_one[layer].diagonal, of_three[layer].diagonal);
    ASSERT_EQ(of_one[layer].groups.size(), of_three[layer].groups.size());
    for (std::size_t group = 0; group < of_one[layer].groups.size(); ++group) {
      EXPECT_EQ(of_one[layer].groups[group].values, of_three[layer].groups[group].values);
    }
  }
}

}  // namespace
}  // namespace mj
