#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hardware/accelerator.h"
#include "network/weights.h"
#include "workflow/level_plan.h"
#include "workflow/prune_goal.h"
#include "workflow/prune_layer.h"
#include "workflow/small_network.h"
#include "workflow/zero_notes.h"

namespace mj {
namespace {

/// Weights are stored raw, and zeros of weights save MACs in layers that follow 2:4 alone.
PruneJob patterned_job() {
  PruneJob job = small_job();
  Accelerator& accelerator = job.setting.accelerator;
  accelerator.weight_pattern = WeightPattern{2, 4};
  accelerator.zero_rules.front().zero[Operand::inputs] = false;
  for (Level& level : accelerator.levels) {
    level.format[Operand::weights] = Format::raw;
  }
  job.setting.workload.pattern_group = 4;
  return job;
}

Measured with_ranks(std::vector<float> ranks) {
  Measured measured;
  measured.accuracy = Accuracy{.images = ranks.size(), .ranks = std::move(ranks)};
  return measured;
}

// Top-1 loses the second and the fourth image and wins the fifth, of five that both have seen.
TEST(UnitAccuracyDrop, CountsImagesOnWhichTheNetworksDiffer) {
  const auto drop =
      accuracy_drop(Metric::top1, with_ranks({0, 0, 2, 0, 5, 0}), with_ranks({0, 5, 3, 1, 0, -1}));
  ASSERT_TRUE(drop);
  EXPECT_DOUBLE_EQ(drop->drop, 0.2);
  EXPECT_DOUBLE_EQ(drop->error, std::sqrt((3.0 / 5 - 0.2 * 0.2) / 5));
  const auto five = accuracy_drop(Metric::top5, with_ranks({0, 0}), with_ranks({4, 5}));
  EXPECT_DOUBLE_EQ(five->drop, 0.5);
  EXPECT_FALSE(accuracy_drop(Metric::top1, Measured(), with_ranks({0})));
}

// 144 inputs of the product are 36 groups of four: half of its 432 weights stay. The convolution has two
// input channels, which are no more than may stay.
TEST(UnitWeightPattern, TheLayerThatGainsFollowsIt) {
  const PruneJob job = patterned_job();
  PruneContext context = open_context(job, nullptr, {}, {});
  const Measured dense = measure(context, job.network, "dense");
  const TriedLevels tried = try_levels(context, job.network, dense.stats, 1, 1);
  Network patterned = job.network;
  set_pattern(patterned, 1, {2, 4});
  EXPECT_EQ(count_nonzeros(weight_matrix(patterned, patterned.layers[1])), 216);
  const double least = total_energy(estimate_network(patterned, dense.stats, job.setting)).value;
  EXPECT_LT(least, dense.energy);
  const RoundPlan plan = choose_levels(context, job.network, dense, tried, {RoundGoal::Kind::energy, least});
  EXPECT_TRUE(plan.reachable);
  EXPECT_EQ(plan.patterned, (std::vector{false, true}));
  EXPECT_EQ(plan.keep[0], 72);  // Zeros elsewhere save nothing.
}

TEST(UnitWeightPattern, IsKeptByWhatIsWritten) {
  PruneJob job = patterned_job();
  job.options.target.energy_share = 0.5;  // Out of reach: all goes that may go.
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  EXPECT_FALSE(outcome.reached);
  EXPECT_LE(densest_group(weight_matrix(outcome.network, outcome.network.layers[1]), 4, 1), 2);
  EXPECT_GT(outcome.result.after.nonzero_weights, 0);
  EXPECT_EQ(outcome.result.layers[1].solver, "n-of-m");
  EXPECT_NE(outcome.result.layers[0].solver, "n-of-m");  // Two input channels: there is nothing to choose.
}

TEST(UnitZeroNotes, SayWhatTheAcceleratorCannotUse) {
  const auto said = [](const char* accelerator) { return zero_notes(read_accelerator(accelerator)); };
  EXPECT_EQ(said("eyeriss"),
            std::vector<std::string>{"on eyeriss zero weights save nothing: only removed channels do"});
  EXPECT_EQ(said("eyeriss-cvpr17"), std::vector<std::string>{"on eyeriss-cvpr17 zero weights save no time"});
  EXPECT_EQ(zero_notes(patterned_job().setting.accelerator).size(), 3U);
}

// What makes no zeros need not try them; a goal of zeros must.
TEST(UnitZeroNotes, DensitiesAreTriedWhereZerosSaveSomething) {
  EXPECT_FALSE(zeros_save(read_accelerator("eyeriss")));
  EXPECT_TRUE(zeros_save(read_accelerator("eyeriss-cvpr17")));
  EXPECT_TRUE(zeros_save(patterned_job().setting.accelerator));
  PruneJob job = small_job();
  job.setting.accelerator = read_accelerator("eyeriss");
  for (const bool wants_zeros : {false, true}) {
    job.options.target = {};
    (wants_zeros ? job.options.target.sparsity : job.options.target.energy_share) = 0.5;
    PruneContext context = open_context(job, nullptr, {}, {});
    const Measured dense = measure(context, job.network, "dense");
    const TriedLevels tried = try_levels(context, job.network, dense.stats, 1, 1);
    EXPECT_EQ(tried.layers[0].trial.losses.empty(), !wants_zeros);
  }
  job.options.target = {.energy_share = 0.9};
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  EXPECT_TRUE(outcome.reached);
  for (const PrunedLayer& layer : outcome.result.layers) {
    EXPECT_EQ(layer.channels_after < layer.channels_before, layer.name == "conv");
  }
  EXPECT_EQ(outcome.result.layers[1].density_after,
            static_cast<double>(outcome.result.layers[0].channels_after) / 4)
      << "of 4 channels, and no zeros";
}

TEST(UnitLatency, CyclesComeToTheGoal) {
  PruneJob job = small_job();
  job.setting.accelerator.zero_rules.front().saves_time = true;
  job.options.target.cycles_share = 0.7;
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  EXPECT_TRUE(outcome.reached) << outcome.shortfall;
  EXPECT_LE(outcome.result.after.cycles, 0.7 * outcome.result.before.cycles);
  EXPECT_GT(outcome.result.after.cycles, 0.6 * outcome.result.before.cycles);
}

// Labels are what the dense network says, so that it is right on all images.
TEST(PropertySearch, FindsAnEnergyThatKeepsTheAccuracy) {
  PruneJob job = small_job();
  const Matrix scores = open_session(job.network, {})->forward(job.calibration, {}, {}).values;
  for (int64_t i = 0; i < scores.rows; ++i) {
    job.calibration.labels[static_cast<std::size_t>(i)] =
        static_cast<int>(std::max_element(scores.row(i), scores.row(i) + 3) - scores.row(i));
  }
  job.options.target.max_drop = 0.3;
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  const PruneResult& result = outcome.result;
  EXPECT_TRUE(outcome.reached) << outcome.shortfall;
  EXPECT_GE(*result.after.top1, *result.before.top1 - 0.3);
  double kept = result.before.energy;
  for (const PruneStep& step : result.history) {
    kept = step.kept ? std::min(kept, step.energy) : kept;
  }
  EXPECT_EQ(result.after.energy, kept);
  EXPECT_LE(result.history.size(), 6U);  // Halves of 100 % down to 2 %.
}

TEST(PropertyFront, EachNetworkIsThatOfARunOfItsOwn) {
  const PruneJob job = small_job();
  std::size_t count = 0;
  FrontMember member;
  member.finish = [&](PruneOutcome outcome, double share, const RunFolder*) {
    PruneJob alone = job;
    alone.options.target.energy_share = share;
    EXPECT_EQ(outcome.result.after.energy, prune_network(alone, nullptr, {}, {}).result.after.energy);
    EXPECT_LE(outcome.result.after.energy, share * outcome.result.before.energy);
    EXPECT_GE(outcome.result.after.energy, (share - 0.05) * outcome.result.before.energy);
    ++count;
  };
  prune_front(job, {0.9, 0.7, 0.6}, member, {}, {});
  EXPECT_EQ(count, 3U);
}

}  // namespace
}  // namespace mj
