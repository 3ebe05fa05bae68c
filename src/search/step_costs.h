#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mapping/loop_nest.h"

namespace mj {

/// The loops in time of one chain of tiles and spreads, and what their steps cost.
class StepCosts {
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

  virtual ~StepCosts() = default;

  /// Takes up a chain: tiles by stage, and the spreads between stages.
  virtual void prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) = 0;
  /// By term, what no order changes: the MACs' own accesses, the first visits, Timeloop's first updates.
  virtual std::vector<double> fixed_prices() = 0;
  /// Adds what all steps of a loop cost, with the set of loops `inside` it, to a price for each of the terms.
  /// @param innermost by inner stage, the step of the loop next to it, where there is one between
  virtual void add_step(std::size_t stage, std::size_t loop, unsigned inside,
                        const std::vector<const Move*>& innermost, double* prices) = 0;

  const StageLoops& loops(std::size_t stage) const { return loops_[stage]; }
  std::size_t terms() const { return terms_; }

 protected:
  StepCosts(std::size_t stages, std::size_t terms) : loops_(stages), terms_(terms) {}
  StepCosts(const StepCosts&) = default;
  StepCosts& operator=(const StepCosts&) = default;

  std::vector<StageLoops> loops_;  ///< of the chain at hand, by stage

 private:
  std::size_t terms_;
};

}  // namespace mj
