#include "search/nest_cycles.h"

#include <algorithm>

#include "search/extent_math.h"
#include "search/search_key.h"

namespace mj {

NestCycles::NestCycles(const NestProblem& problem, const NestSpace& space)
    : problem_(problem),
      stages_(space.stages),
      macs_(volume(space.whole)),
      least_transfer_(least_transfer(space)) {
  for (const std::vector<SpreadGroup>& groups : space.spreads) {
    int64_t most = 1;
    for (const SpreadGroup& group : groups) {
      most = std::max(most, group.instances);
    }
    room_.push_back(static_cast<double>(most));
  }
}

/// Cycles that memory takes at least: each tensor passes it once.
double NestCycles::least_transfer(const NestSpace& space) const {
  double cycles = 0;
  if (problem_.objective == Objective::energy) {
    return 0;
  }
  for (const BandwidthLimit& limit : problem_.limits) {
    if (limit.level == 0 && problem_.levels.size() > 1) {
      const auto& words = limit.words.levels[0];
      const auto all = [&](Operand operand) {
        return tile_words(problem_.shape, operand, space.whole, false);
      };
      cycles = std::max(cycles, (all(Operand::weights) * words[Operand::weights].read +
                                 all(Operand::inputs) * words[Operand::inputs].read +
                                 all(Operand::outputs) * words[Operand::outputs].update) /
                                    limit.words_per_cycle);
    }
  }
  return cycles * (1 - rounding);
}

double NestCycles::least(const PartialNest& nest, std::size_t decided_from) const {
  double instances = 1;
  for (std::size_t i = 0; i < room_.size(); ++i) {
    instances *= i < decided_from ? room_[i] : volume(nest.spreads[i]);
  }
  return std::max(least_transfer_, macs_ / std::min(instances, macs_) * problem_.timed_share);
}

double NestCycles::of(const PartialNest& nest, const std::vector<double>& prices) const {
  double instances = 1;
  for (const Extents& spread : nest.spreads) {
    instances *= volume(spread);
  }
  double cycles = macs_ / instances * problem_.timed_share;
  for (std::size_t i = 1; i < prices.size(); ++i) {
    const BandwidthLimit& limit = problem_.limits[i - 1];
    cycles = std::max(cycles, prices[i] / (limit.words_per_cycle * instances_of(limit.level, nest)));
  }
  return cycles;
}

double NestCycles::instances_of(std::size_t level, const PartialNest& nest) const {
  double instances = 1;
  for (std::size_t stage = 0; stage + 1 < stages_.size() && stages_[stage].last_level < level; ++stage) {
    instances *= volume(nest.spreads[stage]);
  }
  return instances;
}

double nest_cycles(const NestProblem& problem, const LoopNest& nest, const NestCounts& counts) {
  double cycles = counts.cycles * problem.timed_share;
  for (const BandwidthLimit& limit : problem.limits) {
    double instances = 1;
    for (std::size_t level = 0; level < limit.level; ++level) {
      for (const auto& axis : nest.levels[level].spatial) {
        for (const Loop& loop : axis) {
          instances *= static_cast<double>(loop.bound);
        }
      }
    }
    cycles = std::max(cycles,
                      price_nest(counts, problem.levels, limit.words) / (limit.words_per_cycle * instances));
  }
  return cycles;
}

}  // namespace mj
