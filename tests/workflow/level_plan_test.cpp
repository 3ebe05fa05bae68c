#include "workflow/level_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "hardware/accelerator.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

RoundPlan plan(PruneJob job, const RoundGoal& goal) {
  if (goal.kind == RoundGoal::Kind::weights) {
    job.options.target.sparsity = 0.5;
  }
  PruneContext context = open_context(job, nullptr, {}, {});
  const Measured measured = measure(context, job.network, "dense");
  return choose_levels(context, job.network, measured, try_levels(context, job.network, 1, "round 1"), goal);
}

int64_t sum(const std::vector<int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

// 72 weights in the convolution, 432 in the product.
TEST(UnitLevelPlan, MeetsAGoalOfWeightsWithLittleToSpare) {
  for (const int limit : {200, 252, 253, 254, 301, 390}) {
    const RoundPlan found = plan(small_job(), {RoundGoal::Kind::weights, static_cast<double>(limit)});
    EXPECT_TRUE(found.reachable);
    EXPECT_LE(sum(found.keep), limit);
    EXPECT_GE(sum(found.keep), limit - 12);
  }
}

TEST(UnitLevelPlan, KeepsWhatALayerMustKeep) {
  PruneJob job = small_job();
  job.options.limits = {{"conv", 0}};
  const RoundPlan found = plan(job, {RoundGoal::Kind::weights, 252});
  EXPECT_EQ(found.keep[0], 72);
  EXPECT_LE(found.keep[1], 180);
}

TEST(UnitLevelPlan, SaysWhatIsOutOfReach) {
  EXPECT_FALSE(plan(small_job(), {RoundGoal::Kind::energy, 1}).reachable);
}

TEST(UnitDefaultOptions, LearnFromLabelsWhereThereAreManyAlone) {
  const PruneOptions few = default_options(method_named("auto"), 1000, true, 1e6);
  EXPECT_EQ(few.training.distillation, 1);
  EXPECT_TRUE(few.on_few_images);
  EXPECT_EQ(default_options(method_named("auto"), 100000, false, 1e6).training.distillation, 1);
  const PruneOptions many = default_options(method_named("auto"), 20000, true, 1e6);
  EXPECT_LT(many.training.distillation, 1);
  EXPECT_FALSE(many.on_few_images);
  EXPECT_EQ(many.order, LayerOrder::graph);
  EXPECT_EQ(default_options(method_named("energy-aware"), 20000, true, 1e6).order, LayerOrder::energy);
}

}  // namespace
}  // namespace mj
