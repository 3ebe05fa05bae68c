#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tiny_network.h"

namespace mj {
namespace {

/// A convolution of two images, drawn at random.
struct Case {
  int64_t groups, c, k, r, s, height, width;
  std::vector<int64_t> strides, dilations, pads;
};

Case draw(uint64_t seed) {
  Random random(seed);
  const auto from = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random.below(static_cast<uint64_t>(most - least + 1)));
  };
  Case result{from(1, 3), from(1, 3), from(1, 3), from(1, 3), from(1, 3), from(5, 8), from(5, 8), {}, {}, {}};
  for (int i = 0; i < 2; ++i) {
    result.strides.push_back(from(1, 3));
    result.dilations.push_back(from(1, 2));
  }
  for (int i = 0; i < 4; ++i) {
    result.pads.push_back(from(0, 2));
  }
  return result;
}

int64_t positions(int64_t size, int64_t filter, int64_t stride, int64_t dilation, int64_t pads) {
  return (size + pads - (filter - 1) * dilation - 1) / stride + 1;
}

/// The definition, in seven loops.
std::vector<float> convolve(const Case& a, const std::vector<float>& x, const std::vector<float>& w,
                            int64_t p_count, int64_t q_count) {
  std::vector<float> y;
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t k = 0; k < a.groups * a.k; ++k) {
      for (int64_t p = 0; p < p_count; ++p) {
        for (int64_t q = 0; q < q_count; ++q) {
          double sum = 0;
          for (int64_t c = 0; c < a.c; ++c) {
            for (int64_t r = 0; r < a.r; ++r) {
              for (int64_t s = 0; s < a.s; ++s) {
                const int64_t row = p * a.strides[0] + r * a.dilations[0] - a.pads[0];
                const int64_t column = q * a.strides[1] + s * a.dilations[1] - a.pads[1];
                if (row >= 0 && row < a.height && column >= 0 && column < a.width) {
                  const int64_t channel = k / a.k * a.c + c;
                  const auto in = ((n * a.groups * a.c + channel) * a.height + row) * a.width + column;
                  const auto tap = ((k * a.c + c) * a.r + r) * a.s + s;
                  sum +=
                      static_cast<double>(x[static_cast<std::size_t>(in)]) * w[static_cast<std::size_t>(tap)];
                }
              }
            }
          }
          y.push_back(static_cast<float>(sum));
        }
      }
    }
  }
  return y;
}

// A slice of channels lies scattered in memory. What the graph gives one image at a time counts channel after
// channel; passes over images have another order.
TEST(PropertyConvolution, ReadsASliceOfChannelsInPassesAsElsewhere) {
  TinyNetwork tiny;
  tiny.input("x", {-1, 3, 9, 9}).constant("w", {8, 3, 3, 3}, random_values(216, 1));
  tiny.constant("u", {4, 4, 3, 3}, random_values(144, 2)).constant("v", {4, 4, 1, 1}, random_values(16, 3));
  tiny.integers("from", {0}).integers("middle", {4}).integers("to", {8}).integers("channels", {1});
  tiny.node("Conv", {"x", "w"}, "a", {1, 8, 7, 7}).node("Relu", {"a"}, "r", {1, 8, 7, 7});
  tiny.node("Slice", {"r", "from", "middle", "channels"}, "first", {1, 4, 7, 7});
  tiny.node("Slice", {"r", "middle", "to", "channels"}, "second", {1, 4, 7, 7});
  tiny.node("Conv", {"first", "u"}, "b", {1, 4, 5, 5}).node("Conv", {"second", "v"}, "c", {1, 4, 7, 7});
  tiny.node("Flatten", {"b"}, "d").node("Flatten", {"c"}, "e");
  tiny.node("Concat", {"d", "e"}, "scores", {}, {{"axis", int64_t{1}}});
  const Network network = tiny.build({"scores"});
  constexpr std::size_t images = 6;
  const std::vector<float> values = random_values(images * 243, 4);
  const auto once = open_session(network, {})->run({{ElementType::float32, {images, 3, 9, 9}, values, {}}});
  for (const int64_t pass_size : {1, 2, 6}) {
    const auto session = open_session(network, {1, pass_size});
    const Matrix scores = session->forward(images_of(values, 3, 9, 9), {}, {}).values;
    EXPECT_THAT(scores.values, testing::Pointwise(testing::FloatNear(1e-4F), once.at(0).floats))
        << "passes of " << pass_size;
  }
}

TEST(PropertyConvolution, EqualsItsDefinition) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Case a = draw(seed);
    const int64_t p = positions(a.height, a.r, a.strides[0], a.dilations[0], a.pads[0] + a.pads[2]);
    const int64_t q = positions(a.width, a.s, a.strides[1], a.dilations[1], a.pads[1] + a.pads[3]);
    const int64_t channels = a.groups * a.c;
    const auto x = random_values(static_cast<std::size_t>(2 * channels * a.height * a.width), seed);
    const auto w = random_values(static_cast<std::size_t>(a.groups * a.k * a.c * a.r * a.s), seed + 1000);
    TinyNetwork tiny;
    tiny.input("x", {-1, channels, a.height, a.width}).constant("w", {a.groups * a.k, a.c, a.r, a.s}, w);
    tiny.node("Conv", {"x", "w"}, "y", {1, a.groups * a.k, p, q},
              {{"group", a.groups}, {"strides", a.strides}, {"dilations", a.dilations}, {"pads", a.pads}});
    const auto session = open_session(tiny.build({"y"}), one_thread());
    const auto y = session->run({floats({2, channels, a.height, a.width}, x)}).at(0);
    EXPECT_EQ(y.shape, (Shape{2, a.groups * a.k, p, q})) << "seed " << seed;
    EXPECT_THAT(y.floats, testing::Pointwise(testing::FloatNear(1e-4F), convolve(a, x, w, p, q)))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace mj
