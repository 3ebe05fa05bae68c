#include "workflow/layer_fitting.h"

#include <gtest/gtest.h>

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

/// The problem of the convolution of small_network, with all 36 positions of each image.
LayerProblem problem_in_turns(const PruneJob& job) {
  PruneContext context = open_context(job, nullptr, {}, {});
  LayerFit fit = LayerFitting(context).fit(job.network, 0, 7);
  EXPECT_EQ(fit.groups.size(), 1U);
  return std::move(fit.groups[0]);
}

// Each channel's worth multiplies its outputs; neighbours that are joined change the samples.
TEST(PropertyLayerFitting, TurnsAddUpToAllImagesAtOnce) {
  PruneJob job = small_job();
  job.options.recipe.vary = false;
  job.options.recipe.couple = false;
  const LayerProblem in_turns = problem_in_turns(job);
  EXPECT_EQ(in_turns.samples, 48 * 36);  // a fifth of the images is held back
  EXPECT_TRUE(in_turns.inputs.values.empty());

  PruneContext context = open_context(job, nullptr, {}, {});
  LayerSamples read = context.working->sample_layer(context.fitted, 0, {.positions = 36}, {});
  Matrix wanted = read.outputs;
  const LayerFit whole =
      fit_layer(job.network, 0, std::move(read), std::move(wanted), 60, &output_worth(context)[0]);
  const LayerProblem& expected = whole.groups[0];
  ASSERT_EQ(in_turns.gram.size(), expected.gram.size());
  for (std::size_t i = 0; i < expected.gram.size(); ++i) {
    EXPECT_NEAR(in_turns.gram[i], expected.gram[i], 1e-5 * expected.gram[0]) << i;
  }
  EXPECT_NEAR(in_turns.output_power, expected.output_power, 1e-5 * expected.output_power);
}

TEST(PropertyLayerFitting, FewSamplesOfAllTurnsAreInOrder) {
  // The classifier has 144 inputs, and each image gives one sample.
  PruneJob job = small_job();
  job.options.recipe.vary = false;
  job.options.recipe.couple = false;
  PruneContext context = open_context(job, nullptr, {}, {});
  const LayerFit fit = LayerFitting(context).fit(job.network, 1, 7);
  LayerSamples read = context.working->sample_layer(context.fitted, 1, {.positions = 1}, {});
  Matrix wanted = read.outputs;
  const LayerFit whole =
      fit_layer(job.network, 1, std::move(read), std::move(wanted), 60, &output_worth(context)[1]);
  EXPECT_EQ(fit.groups[0].samples, 48);
  EXPECT_EQ(fit.groups[0].inputs.values, whole.groups[0].inputs.values);
  EXPECT_EQ(fit.groups[0].outputs.values, whole.groups[0].outputs.values);
}

}  // namespace
}  // namespace mj
