#pragma once

#include <vector>

#include "search/nest_bounds.h"
#include "search/search_nest.h"

namespace mj {

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
  double least_transfer(const NestSpace& space) const;
  double instances_of(std::size_t level, const PartialNest& nest) const;

  const NestProblem& problem_;
  const std::vector<Stage>& stages_;
  double macs_;
  std::vector<double> room_;  ///< by stage: the most instances of the next stage in use
  double least_transfer_;
};

}  // namespace mj
