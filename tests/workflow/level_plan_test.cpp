#include "workflow/level_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "hardware/accelerator.h"
#include "network/graph_builder.h"
#include "workflow/level_trials.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

RoundPlan plan(PruneJob job, const RoundGoal& goal) {
  if (goal.kind == RoundGoal::Kind::weights) {
    job.options.target.sparsity = 0.5;
  }
  PruneContext context = open_context(job, nullptr, {}, {});
  const Measured measured = measure(context, job.network, "dense");
  return choose_levels(context, job.network, measured, try_levels(context, job.network, measured.stats, 1, 1),
                       goal);
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

// Of six channels the second and the fifth, each read by one of two groups, are nothing for any image.
TEST(UnitLevelPlan, TriesChannelsOfAConvolutionOfTwoGroups) {
  PruneJob job = small_job();
  Network& network = job.network;
  const auto values = network.constants.at("fc.weight").floats.begin();
  network.constants["conv.weight"] = {
      ElementType::float32, {6, 2, 3, 3}, std::vector<float>(values, values + 108), {}};
  network.constants["conv.bias"] = {ElementType::float32, {6}, std::vector<float>(6, 0.5F), {}};
  network.constants["again.weight"] = {
      ElementType::float32, {4, 3, 3, 3}, std::vector<float>(values + 108, values + 216), {}};
  network.nodes.insert(network.nodes.begin() + 2,
                       {"again",
                        "Conv",
                        "",
                        {"b", "again.weight"},
                        {"d"},
                        {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"group", int64_t{2}}}});
  network.nodes[3].inputs = {"d"};
  for (const int64_t channel : {1, 4}) {
    auto& filters = network.constants.at("conv.weight").floats;
    std::fill_n(filters.begin() + channel * 18, 18, 0.0F);
    network.constants.at("conv.bias").floats[static_cast<std::size_t>(channel)] = 0;
  }
  infer_shapes(network);
  PruneContext context = open_context(job, nullptr, {}, {});
  const Measured measured = measure(context, network, "dense");
  const auto groups = try_levels(context, network, measured.stats, 1, 1).groups;
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].group.channels, 3);
  EXPECT_EQ(groups[0].trial.order, std::vector<int64_t>{1});
  EXPECT_LT(groups[0].trial.losses.back(), 1e-6);
  EXPECT_GT(groups[1].trial.losses.back(), 1e-3);
}

/// Seven convolutions that read a value of 4 channels, or each its sum with what those before gave, and the
/// last one, which reads all that they gave.
Network chain(bool adds) {
  GraphBuilder graph;
  const Shape map{1, 4, 4, 4};
  graph.input("x", {1, 1, 4, 4}).constant("w0", {4, 1, 1, 1}).node("Conv", {"x", "w0"}, "s0", map);
  std::string sum = "s0";
  for (const std::string i : {"1", "2", "3", "4", "5", "6", "7"}) {
    graph.constant("w" + i, {4, 4, 1, 1}).node("Conv", {adds ? sum : "s0", "w" + i}, "c" + i, map);
    graph.node("Add", {sum, "c" + i}, "s" + i, map);
    sum = adds ? "s" + i : sum;
  }
  graph.constant("wo", {2, 4, 1, 1}).node("Conv", {sum, "wo"}, "o", {1, 2, 4, 4}).output("o");
  return graph.build();
}

// Eight readers: as many as there are givers, or of one alone.
TEST(UnitLevelTrials, ATrunkMayHaveManyReaders) {
  const Network trunk = chain(true);
  const auto groups = find_channel_groups(trunk);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(layers_of(groups[0].givers).size(), 8U);
  EXPECT_TRUE(can_try(trunk, groups[0]));
  EXPECT_EQ(products_to_try(trunk, groups[0]), 8 * 16);
  const Network star = chain(false);
  ChannelGroup alone = find_channel_groups(star).at(0);
  alone.givers.resize(1);
  EXPECT_EQ(layers_of(alone.readers).size(), 8U);
  EXPECT_FALSE(can_try(star, alone));
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
