#include <array>

#include "reference_nests.h"
#include "search/search_nest.h"

namespace mj {
namespace {

NestProblem problem_of(const reference::Case& each, const Accelerator& accelerator) {
  NestProblem problem;
  problem.shape = reference::shape(reference::at(each.data, "shape"));
  problem.levels = accelerator.levels;
  problem.prices = plain_prices(accelerator, static_cast<double>(mac_count(problem.shape)));
  problem.counting = Counting::timeloop;
  return problem;
}

double optimum(const reference::Case& each, const Accelerator& accelerator) {
  const auto found = search_nest(problem_of(each, accelerator));
  EXPECT_TRUE(found && found->is_proven) << each.name;
  return found ? found->energy : 0;
}

void expect_optima(bool one_axis, const char* which) {
  const auto accelerators = reference::accelerators(one_axis);
  for (const reference::Case& each : reference::cases("timeloop_exhaustive.json")) {
    const Document& enumerated = reference::at(reference::at(each.data, "enumerated"), which);
    EXPECT_EQ(optimum(each, accelerators.at(each.architecture)), reference::number(enumerated, "optimum"))
        << each.name;
  }
}

TEST(DataGoldenOptima, TinyLayersOneAxisADimensionAreThoseOfTimeloopsExhaustiveSearch) {
  MJ_NEED_SHARED_DATA("reference/timeloop_exhaustive.json");
  expect_optima(true, "one_axis");
}

TEST(DataGoldenOptima, TinyLayersOverBothAxesAreThoseOfAnIndependentEnumeration) {
  MJ_NEED_SHARED_DATA("reference/timeloop_exhaustive.json");
  expect_optima(false, "both_axes");
}

TEST(DataGoldenOptima, NoLayerCostsMoreThanItsBestFromTimeloopOrFromAnnealing) {
  MJ_NEED_SHARED_DATA("reference/timeloop_mapper.json");
  for (const bool one_axis : {true, false}) {
    const auto accelerators = reference::accelerators(one_axis);
    for (const reference::Case& each : reference::cases("timeloop_mapper.json")) {
      const double energy = optimum(each, accelerators.at(each.architecture));
      EXPECT_LE(energy, reference::number(each.data, "energy")) << each.name;
      if (const Document* annealed = each.data.find("annealed")) {
        // The annealing spreads a dimension over one axis and was proven optimal there by this search.
        const double theirs = reference::number(*annealed, "energy");
        EXPECT_LE(energy, theirs) << each.name;
        EXPECT_TRUE(!one_axis || energy == theirs) << each.name;
      }
    }
  }
}

TEST(DataSignatureOptima, TheSumsOverTheReferenceLayersAreAlwaysTheSame) {
  MJ_NEED_SHARED_DATA("reference/timeloop_mapper.json");
  const auto accelerators = reference::accelerators(false);
  std::array<double, 2> sums{};
  for (const char* file : {"timeloop_exhaustive.json", "timeloop_mapper.json"}) {
    for (const reference::Case& each : reference::cases(file)) {
      NestProblem problem = problem_of(each, accelerators.at(each.architecture));
      for (const Counting counting : {Counting::exact, Counting::timeloop}) {
        // The transformer's product takes seconds in exact counting; speed is not what is tested here.
        if (mac_count(problem.shape) < 1'000'000'000) {
          problem.counting = counting;
          const auto found = search_nest(problem);
          sums.at(static_cast<std::size_t>(counting)) += found ? found->energy : 0;
        }
      }
    }
  }
  EXPECT_EQ(std::to_string(sums[0]), "32280983380.000000");
  EXPECT_EQ(std::to_string(sums[1]), "32106511595.000000");
}

}  // namespace
}  // namespace mj
