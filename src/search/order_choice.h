#pragma once

#include <memory>
#include <vector>

#include "energy/nest_counts.h"
#include "search/nest_space.h"
#include "search/step_costs.h"

namespace mj {

/// The best orders of loops for one chain of tiles and spreads.
struct OrderedNest {
  std::vector<double> prices;                  ///< for each of the terms asked for, all of the nest
  std::vector<std::vector<Dimension>> orders;  ///< by stage, outside in
};

/// Finds the orders of the loops in time that cost least. Given the tiles, a step of a loop costs the same
/// whatever the order of the loops inside it, and stages do not depend on each other, so that the best order
/// is a shortest path over the sets of loops that stand inside (docs/mapper.md, "Orders").
class OrderChoice {
 public:
  /// @param terms one or more prices; with more, the orders that no other beats in all of them are kept
  OrderChoice(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting);
  OrderChoice(std::size_t stages, std::unique_ptr<StepCosts> costs, Counting counting)
      : stages_(stages), chain_(std::move(costs)), counting_(counting) {}

  /// @param tiles   by stage
  /// @param spreads between stages
  /// @return valid until the next call
  const std::vector<OrderedNest>& best(const std::vector<Extents>& tiles,
                                       const std::vector<Extents>& spreads);

 private:
  struct Label {
    std::vector<double> prices;
    int last = -1;  ///< the loop added, and the label before it
    std::size_t from = 0;
  };

  std::vector<OrderedNest> solve(std::size_t stage, const std::vector<const StepCosts::Move*>& innermost);
  std::vector<OrderedNest> order_stage(std::size_t stage,
                                       const std::vector<const StepCosts::Move*>& innermost, int first);
  double order_one_price(std::size_t stage, const std::vector<const StepCosts::Move*>& innermost, int first,
                         std::vector<Dimension>& order);
  void solve_each_stage();

  std::size_t stages_;
  std::unique_ptr<StepCosts> chain_;
  Counting counting_;
  std::vector<const StepCosts::Move*> no_steps_;
  std::vector<OrderedNest> found_;
};

}  // namespace mj
