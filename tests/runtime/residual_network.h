#pragma once

#include <cmath>

#include "tiny_network.h"

inline std::vector<float> positive_values(std::size_t count, uint64_t seed) {
  auto values = random_values(count, seed);
  for (float& value : values) {
    value = 0.5F + std::abs(value);
  }
  return values;
}

inline TinyNetwork& batch_norm(TinyNetwork& tiny, const std::string& input, const std::string& output,
                               int64_t channels, const mj::Shape& shape, uint64_t seed) {
  const auto size = static_cast<std::size_t>(channels);
  tiny.constant(output + "_scale", {channels}, random_values(size, seed));
  tiny.constant(output + "_shift", {channels}, random_values(size, seed + 1));
  tiny.constant(output + "_mean", {channels}, random_values(size, seed + 2));
  tiny.constant(output + "_variance", {channels}, positive_values(size, seed + 3));
  return tiny.node("BatchNormalization",
                   {input, output + "_scale", output + "_shift", output + "_mean", output + "_variance"},
                   output, shape, TinyNetwork::Attributes{{"epsilon", 0.01F}});
}

/// A residual block: conv, batch norm, ReLU; conv, batch norm; the sum with what the block was given, which
/// is read after it was rectified elsewhere too.
inline mj::Network residual() {
  TinyNetwork tiny;
  const mj::Shape map{1, 4, 9, 9};
  const TinyNetwork::Attributes same{{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  tiny.input("x", {-1, 3, 9, 9});
  tiny.constant("w0", {4, 3, 3, 3}, random_values(108, 1)).constant("b0", {4}, random_values(4, 2));
  tiny.node("Conv", {"x", "w0", "b0"}, "y0", map, same);
  tiny.constant("w1", {4, 4, 3, 3}, random_values(144, 3));
  tiny.node("Relu", {"y0"}, "a0", map).node("Conv", {"a0", "w1"}, "y1", map, same);
  batch_norm(tiny, "y1", "n1", 4, map, 10).node("Relu", {"n1"}, "a1", map);
  tiny.constant("w2", {4, 4, 3, 3}, random_values(144, 4)).constant("b2", {4}, random_values(4, 5));
  tiny.node("Conv", {"a1", "w2", "b2"}, "y2", map, same);
  batch_norm(tiny, "y2", "n2", 4, map, 20);
  tiny.node("Add", {"n2", "y0"}, "sum", map).node("Relu", {"sum"}, "a2", map);
  tiny.node("Add", {"a2", "n2"}, "late", map).node("Sub", {"late", "sum"}, "out", map);
  return tiny.build({"out"});
}
