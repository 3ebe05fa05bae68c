#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mj {

struct Option {
  double cost = 0;  ///< not below 0
  double loss = 0;
};

/// One option for each item, so that their costs add up to at most `budget` and their losses to the least: a
/// multiple-choice knapsack, by a dynamic programme over a thousand steps of cost. Costs are rounded up, so
/// that the budget holds; an option costs up to a step more than it does.
/// @param items each with at least one option of cost 0
/// @return for each item the option's index
std::vector<std::size_t> choose_options(std::span<const std::vector<Option>> items, double budget);

}  // namespace mj
