#include "workflow/layer_passes.h"

#include <gtest/gtest.h>

namespace mj {
namespace {

/// Three layers of 1e8 MACs: maps of 100 x 100, 40 x 40 and 20 x 20.
Network three_layers() {
  Network network;
  for (const int64_t side : {100, 40, 20}) {
    MacLayer& layer = network.layers.emplace_back();
    layer.shape = {.k = 100, .c = 1000000 / (side * side), .p = side, .q = side};
  }
  return network;
}

// By hand: 2e11 MACs are 2,000 images' up to the second layer, and 1,000 images' up to the third. With 50
// positions an image a part of the images has 200 of each, of maps of 400 or more.
TEST(UnitLayerPasses, LargeMapsBehindLongPassesAreSampledOnFewerImages) {
  const Network network = three_layers();
  EXPECT_FALSE(is_sampled_on_part(network, 0, 100000, 50));  // nothing stands before it
  EXPECT_FALSE(is_sampled_on_part(network, 1, 2000, 50));
  EXPECT_TRUE(is_sampled_on_part(network, 1, 2001, 50));
  EXPECT_TRUE(is_sampled_on_part(network, 2, 1001, 50));
  EXPECT_FALSE(is_sampled_on_part(network, 2, 1001, 51));
}

TEST(UnitLayerPasses, FewImagesAreAllSampled) {
  Network network = three_layers();
  network.layers[0].shape.k = 10000;
  EXPECT_FALSE(is_sampled_on_part(network, 1, 799, 50));
  EXPECT_TRUE(is_sampled_on_part(network, 1, 800, 50));
}

// By hand: 3e8 MACs for 1.2e6 values; then 3 x 3 filters of 1,000 single channels on 100 x 100 give 1e7
// values for 9e7 MACs.
TEST(UnitLayerPasses, FewMacsForEachValueCostAsMuchAs128) {
  Network network = three_layers();
  EXPECT_EQ(pass_cost(network), 3e8);
  network.layers.emplace_back().shape = {.p = 100, .q = 100, .r = 3, .s = 3, .groups = 1000};
  EXPECT_EQ(pass_cost(network), 128 * 11.2e6);
}

}  // namespace
}  // namespace mj
