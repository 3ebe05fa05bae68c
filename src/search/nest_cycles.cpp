#include "search/nest_cycles.h"

#include "mapping/placed_loops.h"
#include "search/extent_math.h"
#include "search/search_key.h"

namespace mj {
std::vector<NestTerms> terms_of(const NestProblem& problem) {
  const double outputs = tile_words(problem.shape, Operand::outputs, extents_of(problem.shape));
  std::vector<NestTerms> terms{terms_of(problem.prices, problem.levels, problem.counting, outputs)};
  if (problem.objective != Objective::energy) {
    for (const BandwidthLimit& limit : problem.limits) {
      terms.push_back(terms_of(limit.words, problem.levels, problem.counting, outputs));
    }
  }
  return terms;
}

double least_transfer(const NestProblem& problem) {
  double cycles = 0;
  if (problem.objective == Objective::energy) {
    return 0;
  }
  for (const BandwidthLimit& limit : problem.limits) {
    if (limit.level == 0 && problem.levels.size() > 1) {
      const auto& words = limit.words.levels[0];
      const auto all = [&](Operand operand) {
        return tile_words(problem.shape, operand, extents_of(problem.shape), false);
      };
      cycles = std::max(cycles, (all(Operand::weights) * words[Operand::weights].read +
                                 all(Operand::inputs) * words[Operand::inputs].read +
                                 all(Operand::outputs) * words[Operand::outputs].update) /
                                    limit.words_per_cycle);
    }
  }
  return cycles * (1 - rounding);
}

NestCycles::NestCycles(const NestProblem& problem, const NestSpace& space)
    : problem_(problem),
      stages_(space.stages),
      macs_(volume(space.whole)),
      least_transfer_(mj::least_transfer(problem)) {
  for (const std::vector<SpreadGroup>& groups : space.spreads) {
    int64_t most = 1;
    for (const SpreadGroup& group : groups) {
      most = std::max(most, group.instances);
    }
    room_.push_back(static_cast<double>(most));
  }
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
  return slowest_cycles(problem_, macs_ / instances * problem_.timed_share, prices,
                        [&](std::size_t level) { return instances_of(level, nest); });
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
    const double instances = instances_in_use(problem.shape, nest, limit.level);
    cycles = std::max(cycles,
                      price_nest(counts, problem.levels, limit.words) / (limit.words_per_cycle * instances));
  }
  return cycles;
}

}  // namespace mj
