#pragma once

#include <array>
#include <vector>

#include "search/axis_table.h"
#include "search/nest_space.h"

namespace mj {

/// What the steps of the loops in time cost, for one chain of tiles and spreads at a time.
class ChainCosts {
 public:
  /// A move of the input tile: images, channels, rows, columns.
  using Move = std::array<int64_t, 4>;

  /// A set of a stage's loops, inside another of them.
  struct LoopSet {
    double times = 1;      ///< product of the bounds of the loops that stand outside the set, at all stages
    Move back{};           ///< how far its loops go back where one outside steps
    unsigned changed = 0;  ///< operands that its loops change, a bit each
  };
  /// Of a stage, those of bound 1 left out.
  struct StageLoops {
    std::size_t count = 0;
    std::array<Dimension, dimension_count> dimensions{};
    std::array<int64_t, dimension_count> bounds{};
    std::array<Move, dimension_count> steps{};
    Move back{};           ///< of all of them
    unsigned changed = 0;  ///< by any of them
    std::vector<LoopSet> sets;
  };

  ChainCosts(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting);

  /// Takes up a chain: tiles by stage, and the spreads between stages.
  void prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads);

  const StageLoops& loops(std::size_t stage) const { return loops_[stage]; }
  std::size_t terms() const { return terms_.size(); }
  Counting counting() const { return counting_; }

  /// What no order changes: the MACs' own accesses, the first visits, Timeloop's first updates.
  std::vector<double> fixed_prices(const std::vector<Extents>& tiles,
                                   const std::vector<Extents>& spreads) const;
  void add_first_visits(std::vector<double>& prices);
  /// Adds what all steps of a loop cost, with the set of loops `inside` it, to a price for each of the terms.
  /// @param innermost by inner stage, the step of the loop next to it, where there is one between
  void add_step(std::size_t stage, std::size_t loop, unsigned inside,
                const std::vector<const Move*>& innermost, double* prices);

 private:
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

  StageCosts costs_into(std::size_t stage, const NestTerms& terms, const std::vector<Extents>& tiles,
                        const std::vector<Extents>& spreads) const;
  void prepare_sets(StageLoops& loops, double outside) const;
  int64_t way_back(const StageLoops& loops, std::size_t loop, std::size_t axis) const;
  double input_price(std::size_t inner, const Move& move, const Move* innermost, const StageCosts& costs);
  double fresh_box(std::size_t inner, const Move& move) const;
  double fresh_words(std::size_t inner, const Move& move, const StageCosts& costs);
  Move step_of(Dimension dimension, int64_t below) const;

  const NestSpace& space_;
  std::vector<const NestTerms*> terms_;
  Counting counting_;
  AxisTable rows_;
  AxisTable columns_;

  // Of the chain at hand, by stage.
  std::vector<StageLoops> loops_;
  std::vector<Extents> tiles_;
  std::vector<std::vector<StageCosts>> costs_;  ///< by inner stage and term
};

}  // namespace mj
