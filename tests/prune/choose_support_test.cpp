#include <gtest/gtest.h>

#include <iterator>
#include <string>
#include <utility>

#include "prune/energy_aware.h"
#include "synthetic_layer.h"

namespace mj {
namespace {

TEST(UnitCountToRestore, IsAPartOfTheLayerButNeverMostOfWhatIsKept) {
  EXPECT_EQ(count_to_restore(500, 1000), 75);
  EXPECT_EQ(count_to_restore(100, 1000), 75);
  EXPECT_EQ(count_to_restore(40, 1000), 30);
  EXPECT_EQ(count_to_restore(1, 1000), 0);
  EXPECT_EQ(count_to_restore(0, 1000), 0);
}

TEST(UnitChooseSupport, IsRemovalBeyondTheTargetAndRestoration) {
  const auto problem = noisy_problem(8, 10, 100, 1);
  const auto candidates = random_support(8, 10, 0.9, 2);
  for (const auto scope : {Scope::filter, Scope::layer}) {
    const RestoreOptions options{ErrorNorm::l2, scope, 0, 1};
    // 7.5 % of 80 weights are 6.
    const auto expected = restore_by_output_effect(
        problem, keep_largest(problem.weights, candidates, 34, scope), candidates, 6, options);
    EXPECT_EQ(choose_support(problem, candidates, 40, options).kept, expected.kept);
    EXPECT_EQ(count_kept(expected), 40);
  }
}

TEST(UnitChooseSupport, KeepsAllCandidatesWhereMoreAreWanted) {
  const auto problem = noisy_problem(4, 6, 50, 1);
  const auto candidates = random_support(4, 6, 0.5, 2);
  EXPECT_EQ(choose_support(problem, candidates, 24, {}).kept, candidates.kept);
}

// The point of the paper (section 4.2): of weights that are removed together, those whose JOINT effect on the
// output is small need not be the small ones.
class EnergyAware : public testing::TestWithParam<std::pair<ErrorNorm, Scope>> {};

TEST_P(EnergyAware, SupportsGiveLessHeldOutErrorThanMagnitudeAtEqualDensityAndRefit) {
  const auto [norm, scope] = GetParam();
  const HeldOutLayer layer = held_out_layer();
  const auto candidates = support_of(layer.weights);
  for (const double density : {0.5, 0.3, 0.1}) {
    const auto keep = count_at_density(density, std::ssize(layer.weights.values));
    const auto error_of = [&](const Support& support) {
      EXPECT_EQ(count_kept(support), keep);
      return layer.error_of(support);
    };
    const double by_magnitude = error_of(keep_largest(layer.weights, candidates, keep, scope));
    const double by_effect = error_of(choose_support(layer.problem, candidates, keep, {norm, scope, 0, 1}));
    EXPECT_LT(by_effect, 0.95 * by_magnitude) << "density " << density;
  }
}

std::string name_of(const testing::TestParamInfo<std::pair<ErrorNorm, Scope>>& parameters) {
  const auto [norm, scope] = parameters.param;
  return std::string(norm == ErrorNorm::l1 ? "l1" : "l2") +
         (scope == Scope::filter ? "InEachFilter" : "OverTheLayer");
}

INSTANTIATE_TEST_SUITE_P(Property, EnergyAware,
                         testing::Values(std::pair{ErrorNorm::l1, Scope::filter},
                                         std::pair{ErrorNorm::l1, Scope::layer},
                                         std::pair{ErrorNorm::l2, Scope::filter},
                                         std::pair{ErrorNorm::l2, Scope::layer}),
                         name_of);

}  // namespace
}  // namespace mj
