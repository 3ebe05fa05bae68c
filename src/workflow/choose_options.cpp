#include "workflow/choose_options.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace mj {
namespace {

constexpr std::size_t steps = 1000;

/// Rounded up; more than `steps` where the option is too dear.
std::size_t steps_of(const Option& option, double budget) {
  if (option.cost <= 0) {
    return 0;
  }
  const double share = option.cost / budget;
  return share <= 1 ? static_cast<std::size_t>(std::ceil(share * steps)) : steps + 1;
}

}  // namespace

std::vector<std::size_t> choose_options(std::span<const std::vector<Option>> items, double budget) {
  std::vector<double> least(steps + 1);  // loss of the items so far with so many steps to spend
  std::vector<std::vector<std::size_t>> chosen;
  for (const std::vector<Option>& options : items) {
    std::vector<double> next(steps + 1, std::numeric_limits<double>::infinity());
    std::vector<std::size_t>& best = chosen.emplace_back(steps + 1);
    for (std::size_t i = 0; i < options.size(); ++i) {
      const std::size_t cost = steps_of(options[i], budget);
      for (std::size_t spent = cost; spent <= steps; ++spent) {
        const double loss = least[spent - cost] + options[i].loss;
        if (loss < next[spent]) {
          next[spent] = loss;
          best[spent] = i;
        }
      }
    }
    least = std::move(next);
  }
  std::vector<std::size_t> result(items.size());
  std::size_t left = steps;
  for (std::size_t item = items.size(); item-- > 0;) {
    result[item] = chosen[item][left];
    left -= steps_of(items[item][result[item]], budget);
  }
  return result;
}

}  // namespace mj
