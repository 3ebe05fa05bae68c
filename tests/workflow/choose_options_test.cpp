#include "workflow/choose_options.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.h"

namespace mj {
namespace {

Option sum_of(const std::vector<std::vector<Option>>& items, const std::vector<std::size_t>& chosen) {
  Option sum;
  for (std::size_t i = 0; i < items.size(); ++i) {
    sum.cost += items[i][chosen[i]].cost;
    sum.loss += items[i][chosen[i]].loss;
  }
  return sum;
}

/// By every combination.
double least_loss(const std::vector<std::vector<Option>>& items, std::size_t item, double budget) {
  if (item == items.size()) {
    return 0;
  }
  double least = std::numeric_limits<double>::infinity();
  for (const Option& option : items[item]) {
    if (option.cost <= budget) {
      least = std::min(least, option.loss + least_loss(items, item + 1, budget - option.cost));
    }
  }
  return least;
}

// Rounding up takes less than a thousandth of the budget an item.
TEST(PropertyChooseOptions, IsAsGoodAsEveryCombination) {
  Random random(8);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::vector<Option>> items(1 + random.below(5));
    for (auto& options : items) {
      options.push_back({0, 1 + random.uniform()});
      for (uint64_t more = random.below(6); more > 0; --more) {
        options.push_back({random.uniform(), random.uniform()});
      }
    }
    const double budget = 1.5 * random.uniform();
    const Option sum = sum_of(items, choose_options(items, budget));
    EXPECT_LE(sum.cost, budget);
    EXPECT_GE(sum.loss, least_loss(items, 0, budget) - 1e-12);
    EXPECT_LE(sum.loss,
              least_loss(items, 0, budget * (1 - 1e-3 * static_cast<double>(items.size()))) + 1e-12);
  }
}

TEST(UnitChooseOptions, TakesWhatIsFreeWithoutABudget) {
  EXPECT_EQ(choose_options(std::vector<std::vector<Option>>{{{1, 0}, {0, 5}, {0, 4}}}, 0),
            std::vector<std::size_t>{2});
}

}  // namespace
}  // namespace mj
