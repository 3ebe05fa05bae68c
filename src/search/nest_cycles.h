#pragma once

#include <algorithm>
#include <vector>

#include "search/nest_bounds.h"
#include "search/search_nest.h"

namespace mj {

/// Its energy, then, where cycles count, the words of each of its limits.
std::vector<NestTerms> terms_of(const NestProblem& problem);

/// Cycles that memory takes at least: each tensor passes it once.
double least_transfer(const NestProblem& problem);

/// Cycles of a nest: of its loops in time, or of the level whose words take longest.
/// @param loops        cycles of the loops
/// @param prices       by term
/// @param instances_of a level, in use
template <class InstancesOf>
double slowest_cycles(const NestProblem& problem, double loops, const std::vector<double>& prices,
                      InstancesOf instances_of) {
  double cycles = loops;
  for (std::size_t i = 1; i < prices.size(); ++i) {
    const BandwidthLimit& limit = problem.limits[i - 1];
    cycles = std::max(cycles, prices[i] / (limit.words_per_cycle * instances_of(limit.level)));
  }
  return cycles;
}

/// Cycles of the nests of one problem: of their loops in time, or of the level whose words take longest.
class NestCycles {
 public:
  NestCycles(const NestProblem& problem, const NestSpace& space);

  /// At least, with the spreads from `decided_from` on.
  double least(const PartialNest& nest, std::size_t decided_from) const;
  /// Of a nest that is decided.
  /// @param prices its energy, then the words of each of the problem's limits
  double of(const PartialNest& nest, const std::vector<double>& prices) const;

 private:
  double instances_of(std::size_t level, const PartialNest& nest) const;

  const NestProblem& problem_;
  const std::vector<Stage>& stages_;
  double macs_;
  std::vector<double> room_;  ///< by stage: the most instances of the next stage in use
  double least_transfer_;
};

}  // namespace mj
