#include "search/search_nest.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "random_nests.h"
#include "search/every_nest.h"
#include "search/extent_math.h"

namespace mj {
namespace {

constexpr std::array all_objectives{Objective::energy, Objective::latency, Objective::edp};

double value_of(Objective objective, double energy, double cycles) {
  return objective == Objective::energy ? energy : objective == Objective::latency ? cycles : energy * cycles;
}

/// A layer on an accelerator, and counts and prices of all kinds.
struct Pair {
  Accelerator accelerator;
  NestProblem problem;
};

Pair draw_pair(random_nests::Generator& generator) {
  Pair pair;
  pair.problem.shape = random_nests::shape(generator, 6, 3);
  const auto count = static_cast<std::size_t>(random_nests::draw(generator, 1, 4));
  pair.problem.levels = random_nests::levels(generator, count);
  pair.accelerator.levels = pair.problem.levels;
  pair.accelerator.charge_outer_only = random_nests::draw(generator, 0, 3) == 0;
  pair.problem.prices = plain_prices(pair.accelerator, static_cast<double>(mac_count(pair.problem.shape)));
  for (double& share : pair.problem.prices.mac_accesses.values) {
    share = random_nests::draw(generator, 0, 2) == 0 ? 0.5 : 1;
  }
  pair.problem.counting = random_nests::draw(generator, 0, 1) == 0 ? Counting::exact : Counting::timeloop;
  pair.problem.timed_share = random_nests::draw(generator, 0, 3) == 0 ? 0.75 : 1;
  for (std::size_t level = 0; level < count; ++level) {
    if (random_nests::draw(generator, 0, 2) == 0) {
      BandwidthLimit limit{level, {}, static_cast<double>(random_nests::draw(generator, 1, 6)) / 2};
      limit.words.levels.resize(count);
      for (OperandPrices& words : limit.words.levels[level].values) {
        words = {1, 1, 1, 1, 0};
      }
      pair.problem.limits.push_back(limit);
    }
  }
  return pair;
}

/// Least values by brute force, and how many nests there are.
struct Brute {
  std::array<double, 3> least{infinite, infinite, infinite};
  std::size_t nests = 0;
};

Brute search_all(const Pair& pair) {
  Brute brute;
  const NestProblem& problem = pair.problem;
  EveryNest(problem.shape, pair.accelerator, problem.tiling).visit([&](const LoopNest& nest) {
    const NestCounts counts = count_nest(problem.shape, problem.levels, nest, problem.counting);
    const double energy = price_nest(counts, problem.levels, problem.prices);
    const double cycles = nest_cycles(problem, nest, counts);
    for (const Objective objective : all_objectives) {
      double& least = brute.least.at(static_cast<std::size_t>(objective));
      least = std::min(least, value_of(objective, energy, cycles));
    }
    ++brute.nests;
  });
  return brute;
}

/// Too many for a test.
bool is_large(const LayerShape& shape, std::size_t levels) {
  double splits = 1;
  for (const int64_t extent : extents_of(shape).values) {
    const auto slots = static_cast<double>(3 * levels - 2);
    splits *= extent == 1 ? 1 : extent == 4 ? slots * (slots + 1) / 2 : extent == 6 ? slots * slots : slots;
  }
  return splits > 3000;
}

/// For each objective, what the search finds of a pair is what brute force found.
void expect_found(Pair& pair, const Brute& brute, const std::string& name) {
  for (const Objective objective : all_objectives) {
    pair.problem.objective = objective;
    const auto found = search_nest(pair.problem);
    ASSERT_EQ(found.has_value(), brute.nests > 0) << name;
    if (!found) {
      continue;
    }
    const double least = brute.least.at(static_cast<std::size_t>(objective));
    EXPECT_NEAR(found->value, least, 1e-9 * least)
        << name << ", objective " << static_cast<int>(objective) << ", counting "
        << static_cast<int>(pair.problem.counting);
    EXPECT_EQ(found->bound, found->value);
    EXPECT_TRUE(found->is_proven);
    EXPECT_EQ(misfit(pair.problem.shape, pair.accelerator, found->nest), std::nullopt) << name;
    const NestCounts counts =
        count_nest(pair.problem.shape, pair.problem.levels, found->nest, pair.problem.counting);
    const double energy = price_nest(counts, pair.problem.levels, pair.problem.prices);
    EXPECT_NEAR(found->energy, energy, 1e-9 * energy) << name;
    const double cycles = nest_cycles(pair.problem, found->nest, counts);
    EXPECT_NEAR(value_of(objective, energy, cycles), found->value, 1e-9 * found->value) << name;
  }
}

TEST(PropertySearchNest, BruteForceOverTheWholeSpaceFindsNothingBetter) {
  random_nests::Generator generator(7);
  std::size_t pairs = 0;
  std::size_t without = 0;
  while (pairs < 600) {
    Pair pair = draw_pair(generator);
    if (is_large(pair.problem.shape, pair.problem.levels.size())) {
      continue;
    }
    ++pairs;
    const Brute brute = search_all(pair);
    without += brute.nests == 0 ? 1 : 0;
    expect_found(pair, brute, "pair " + std::to_string(pairs));
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GE(pairs - without, 500U);
}

/// Chains of tiles and spreads of one dimension.
double chains_of(int64_t extent, std::size_t levels) {
  double chains = levels == 1 ? 1 : 0;
  for (int64_t tile = 1; tile <= extent && levels > 1; ++tile) {
    chains += static_cast<double>((extent - 1) / tile + 1) * chains_of(tile, levels - 1);
  }
  return chains;
}

TEST(PropertySearchNest, BruteForceOverTilesOfAnySizeFindsNothingBetter) {
  random_nests::Generator generator(9);
  std::size_t pairs = 0;
  std::size_t without = 0;
  std::size_t better = 0;
  while (pairs < 300) {
    Pair pair = draw_pair(generator);
    double chains = 1;
    for (const int64_t extent : extents_of(pair.problem.shape).values) {
      chains *= chains_of(extent, pair.problem.levels.size());
    }
    if (chains > 300) {
      continue;
    }
    ++pairs;
    pair.problem.counting = Counting::exact;
    pair.problem.objective = Objective::energy;
    const auto of_divisors = search_nest(pair.problem);
    pair.problem.tiling = Tiling::any;
    const Brute brute = search_all(pair);
    without += brute.nests == 0 ? 1 : 0;
    if (of_divisors) {
      EXPECT_LE(brute.least[0], of_divisors->value * (1 + 1e-9));
      better += brute.least[0] < of_divisors->value * (1 - 1e-9) ? 1 : 0;
    }
    expect_found(pair, brute, "pair " + std::to_string(pairs));
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GE(pairs - without, 250U);
  EXPECT_GE(better, 10U);
}

TEST(PropertySearchNest, ASearchThatRunsOutOfTimeSaysHowFarItMayBe) {
  random_nests::Generator generator(8);
  for (int i = 0; i < 50; ++i) {
    Pair pair = draw_pair(generator);
    const auto best = search_nest(pair.problem);
    for (const double seconds : {0.0, 1e-4, 1e-3}) {
      const auto hurried = search_nest(pair.problem, {.seconds = seconds});
      ASSERT_EQ(best.has_value(), hurried.has_value());
      if (best) {
        EXPECT_LE(hurried->bound, best->value * (1 + 1e-12));
        EXPECT_GE(hurried->value, best->value * (1 - 1e-12));
        EXPECT_GE(hurried->value, hurried->bound);
        EXPECT_EQ(misfit(pair.problem.shape, pair.accelerator, hurried->nest), std::nullopt);
      }
    }
  }
}

}  // namespace
}  // namespace mj
