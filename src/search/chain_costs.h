#pragma once

#include <array>
#include <vector>

#include "search/axis_table.h"
#include "search/nest_space.h"
#include "search/step_costs.h"

namespace mj {

/// What the steps cost where bounds divide the tiles.
class ChainCosts : public StepCosts {
 public:
  ChainCosts(const NestSpace& space, std::vector<const NestTerms*> terms, Counting counting);

  void prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) override;
  std::vector<double> fixed_prices() override;
  void add_step(std::size_t stage, std::size_t loop, unsigned inside,
                const std::vector<const Move*>& innermost, double* prices) override;

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

  double mac_prices(const NestTerms& terms) const;
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
  std::vector<Extents> tiles_;
  std::vector<Extents> spreads_;
  std::vector<std::vector<StageCosts>> costs_;  ///< by inner stage and term
};

}  // namespace mj
