#include "workflow/layer_fitting.h"

#include <gtest/gtest.h>

#include <utility>

#include "small_network.h"

namespace mj {
namespace {

/// @param side of the square map that the layer gives
MacLayer layer_of(int64_t weights_in_filter, int64_t channels, int64_t side) {
  MacLayer layer;
  layer.shape = {.k = channels, .c = weights_in_filter, .p = side, .q = side, .r = 1, .s = 1};
  return layer;
}

TEST(UnitLayerFitting, ManySamplesAddUp) {
  // Four times 96 positions of each of 1,000 images.
  const FitSampling many = sampling_of(layer_of(100, 100, 50), 1000, 4, 96);
  EXPECT_TRUE(many.adds_up);
  EXPECT_EQ(many.positions, 384);
  // 2,000 values are 8 kB: 250 images in a turn, 128 positions of each are 256 MB.
  EXPECT_EQ(sampling_of(layer_of(1000, 1000, 50), 1000, 4, 96).positions, 128);
  // 1,000 images in one turn.
  const FitSampling one = sampling_of(layer_of(1000, 1000, 50), 1000, 1, 96);
  EXPECT_FALSE(one.adds_up);
  EXPECT_EQ(one.positions, 32);
}

TEST(UnitLayerFitting, FewSamplesAreKept) {
  // 100 images of 7 x 7 positions: four for each of 1,225 weights.
  EXPECT_TRUE(sampling_of(layer_of(1225, 10, 7), 100, 4, 96).adds_up);
  EXPECT_FALSE(sampling_of(layer_of(1226, 10, 7), 100, 4, 96).adds_up);
  // VGG-16's first classifier.
  const FitSampling classifier = sampling_of(layer_of(25088, 4096, 1), 4000, 4, 96);
  EXPECT_FALSE(classifier.adds_up);
  EXPECT_EQ(classifier.positions, 1);
  // 16,000 values are 64 kB: 4,000 samples are 256 MB, of 1,000 images in one go.
  EXPECT_EQ(sampling_of(layer_of(12000, 4000, 7), 1000, 4, 96).positions, 4);
}

TEST(UnitLayerFitting, OnlyLevelsTakeTurns) {
  PruneOptions options = default_options(method_named("auto"), 60, true, 1e6);
  EXPECT_EQ(turns_of(options, 60), 4U);
  EXPECT_EQ(turns_of(options, 3), 3U);
  EXPECT_EQ(turns_of(options, 2000), 4U);
  EXPECT_EQ(turns_of(options, 4000), 2U);
  EXPECT_EQ(turns_of(options, 9000), 1U);
  options.method = PruneMethod::energy_aware;
  EXPECT_EQ(turns_of(options, 60), 1U);
}

struct Fits {
  LayerProblem in_turns;
  LayerProblem whole;  ///< from samples of all images at once
};

/// Of a layer of small_network, with all positions of 48 images; a fifth of 60 is held back.
Fits fits_of(std::size_t layer, int64_t positions) {
  PruneJob job = small_job();
  job.options.recipe.vary = false;
  job.options.recipe.couple = false;
  PruneContext context = open_context(job, nullptr, {}, {});
  LayerFit in_turns = LayerFitting(context).fit(job.network, layer, 7);
  LayerSamples read = context.working->sample_layer(context.fitted, layer, {.positions = positions}, {});
  Matrix wanted = read.outputs;
  LayerFit whole = fit_layer(job.network, layer, std::move(read), std::move(wanted), context.samples.size,
                             &output_worth(context)[layer]);
  EXPECT_EQ(in_turns.groups.size(), 1U);
  EXPECT_EQ(whole.groups.size(), 1U);
  return {std::move(in_turns.groups.at(0)), std::move(whole.groups.at(0))};
}

TEST(PropertyLayerFitting, TurnsAddUpToAllImagesAtOnce) {
  const auto [in_turns, whole] = fits_of(0, 36);
  EXPECT_EQ(in_turns.samples, 48 * 36);
  EXPECT_TRUE(in_turns.inputs.values.empty());
  ASSERT_EQ(in_turns.gram.size(), whole.gram.size());
  for (std::size_t i = 0; i < whole.gram.size(); ++i) {
    EXPECT_NEAR(in_turns.gram[i], whole.gram[i], 1e-5 * whole.gram[0]) << i;
  }
  EXPECT_NEAR(in_turns.output_power, whole.output_power, 1e-5 * whole.output_power);
}

// The classifier has 144 inputs, and each image gives one sample.
TEST(PropertyLayerFitting, FewSamplesOfAllTurnsAreInOrder) {
  const auto [in_turns, whole] = fits_of(1, 1);
  EXPECT_EQ(in_turns.samples, 48);
  EXPECT_EQ(in_turns.inputs.values, whole.inputs.values);
  EXPECT_EQ(in_turns.outputs.values, whole.outputs.values);
}

// By hand: the classifier reads 144 values of each image, 12 images in a turn.
TEST(UnitLayerFitting, TurnsKeepMapsAsFarAsThereIsRoom) {
  constexpr std::size_t of_turn = 12 * 144 * sizeof(float);
  PruneJob job = small_job();
  job.options.recipe.vary = false;
  PruneContext context = open_context(job, nullptr, {}, {});
  std::vector<float> wanted;
  for (const std::size_t turns : {0U, 1U, 3U, 4U}) {
    context.kept_bytes = turns * of_turn + of_turn / 2;
    LayerFitting fitting(context);
    const LayerFit fit = fitting.fit(job.network, 1, 7);
    EXPECT_EQ(fitting.kept_bytes(), 2 * turns * of_turn);
    wanted = wanted.empty() ? fit.groups.at(0).inputs.values : wanted;
    EXPECT_EQ(fit.groups.at(0).inputs.values, wanted);
  }
}

}  // namespace
}  // namespace mj
