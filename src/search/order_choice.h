#pragma once

#include <vector>

#include "search/axis_table.h"
#include "search/nest_space.h"

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

  /// @param tiles   by stage
  /// @param spreads between stages
  std::vector<OrderedNest> best(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads);

 private:
  /// A move of the input tile: images, channels, rows, columns.
  using Move = std::array<int64_t, 4>;

  struct InputTerm {
    double price = 0;
    double instances = 1;
    double different = 1;
    AxisSpreads rows;
    AxisSpreads columns;
  };
  /// What a move into a stage costs, for one of the terms.
  struct StageCosts {
    double weights = 0;  ///< of a whole tile
    double outputs = 0;
    double box_word = 0;            ///< of a word of inputs, in Timeloop's counting
    std::vector<InputTerm> inputs;  ///< in exact counting
  };
  struct Label {
    std::vector<double> prices;
    int last = -1;  ///< the loop added, and the label before it
    std::size_t from = 0;
  };

  void prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads);
  StageCosts costs_into(std::size_t stage, const NestTerms& terms, const std::vector<Extents>& tiles,
                        const std::vector<Extents>& spreads) const;
  std::vector<double> fixed_prices(const std::vector<Extents>& tiles,
                                   const std::vector<Extents>& spreads) const;
  std::vector<OrderedNest> solve(std::size_t stage, const std::vector<const Move*>& innermost);
  std::vector<OrderedNest> order_stage(std::size_t stage, const std::vector<const Move*>& innermost,
                                       int first);
  OrderedNest order_one_price(std::size_t stage, const std::vector<const Move*>& innermost, int first);
  void add_step(std::size_t stage, std::size_t loop, unsigned inside,
                const std::vector<const Move*>& innermost, std::vector<double>& prices);
  double input_step(std::size_t stage, std::size_t inner, std::size_t loop, unsigned inside,
                    const Move* innermost, const StageCosts& costs);
  double fresh_box(std::size_t inner, const Move& move) const;
  double fresh_words(std::size_t inner, const Move& move, const StageCosts& costs);
  Move step_of(Dimension dimension, int64_t below) const;

  const NestSpace& space_;
  std::vector<const NestTerms*> terms_;
  Counting counting_;
  AxisTable rows_;
  AxisTable columns_;

  // Of the chain at hand, by stage.
  struct StageLoops {
    std::vector<Dimension> dimensions;
    std::vector<int64_t> bounds;
    std::vector<Move> steps;
    double outside = 1;  ///< product of the bounds in time further out
  };
  std::vector<StageLoops> loops_;
  std::vector<Extents> tiles_;
  std::vector<std::vector<StageCosts>> costs_;  ///< by inner stage and term
};

}  // namespace mj
