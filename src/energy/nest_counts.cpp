#include "energy/nest_counts.h"

#include <optional>

#include "energy/nest_boundary.h"

namespace mj {
namespace {

/// Levels that hold an operand, outside in.
std::vector<std::size_t> holders_of(Operand operand, const std::vector<Level>& levels) {
  std::vector<std::size_t> holders;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (levels[level].holds[operand]) {
      holders.push_back(level);
    }
  }
  return holders;
}

/// What stands fixed while one nest is counted.
struct Counter {
  const LayerShape& shape;
  const std::vector<Level>& levels;
  std::vector<PlacedLoop> loops;
  Counting counting;

  Boundary boundary(Operand operand, std::size_t outer, std::size_t inner) const {
    return {shape, levels, loops, operand, counting, outer, inner};
  }
};

/// Weights and inputs: what is asked for below is read, what arrives is a fill.
void count_down(const Counter& counter, Operand operand, NestCounts& counts) {
  const auto holders = holders_of(operand, counter.levels);
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const bool feeds_macs = i + 1 == holders.size();
    const std::size_t inner = feeds_macs ? counter.levels.size() : holders[i + 1];
    const Boundary boundary = counter.boundary(operand, holders[i], inner);
    counts.levels[holders[i]][operand].reads = boundary.asked();
    if (!feeds_macs) {
      counts.levels[inner][operand].fills = boundary.filled();
    }
  }
}

/// Outputs as Timeloop counts them: each instance's own first update meets nothing.
void count_outputs_timeloop(const Counter& counter, NestCounts& counts) {
  const auto holders = holders_of(Operand::outputs, counter.levels);
  const double words = tile_words(counter.shape, Operand::outputs, extents_of(counter.shape));
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const bool feeds_macs = i + 1 == holders.size();
    const std::size_t inner = feeds_macs ? counter.levels.size() : holders[i + 1];
    const Boundary boundary = counter.boundary(Operand::outputs, holders[i], inner);
    // Instances that hold the same words at once, whether or not the way up adds them.
    double first = words;
    for (const PlacedLoop& loop : counter.loops) {
      const bool shared = loop.in_space && loop.level < holders[i];
      first *= shared && !is_relevant(Operand::outputs, loop.dimension) ? static_cast<double>(loop.bound) : 1;
    }
    OperandCounts& level = counts.levels[holders[i]][Operand::outputs];
    level.updates = boundary.asked();
    level.reads = boundary.asked() - first;
    if (i > 0) {
      level.fills -= first;
    }
    if (!feeds_macs) {
      counts.levels[inner][Operand::outputs].fills = boundary.filled();
    }
  }
}

/// Outputs as they move: a spilled word is read and sent up, and a partial sum comes back to one of the
/// instances that add to it; the others start from nothing.
void count_outputs_exact(const Counter& counter, NestCounts& counts) {
  const auto holders = holders_of(Operand::outputs, counter.levels);
  double empty_starts = tile_words(counter.shape, Operand::outputs, extents_of(counter.shape));
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const bool feeds_macs = i + 1 == holders.size();
    const std::size_t inner = feeds_macs ? counter.levels.size() : holders[i + 1];
    const Boundary boundary = counter.boundary(Operand::outputs, holders[i], inner);
    OperandCounts& level = counts.levels[holders[i]][Operand::outputs];
    level.updates = boundary.asked();
    level.reads = boundary.asked() - empty_starts;
    if (!feeds_macs) {
      OperandCounts& below = counts.levels[inner][Operand::outputs];
      below.drains = boundary.filled();
      below.fills = boundary.returning() - empty_starts;
      empty_starts = below.drains - below.fills;
    }
  }
}

void count_crossings(const Counter& counter, NestCounts& counts) {
  for (std::size_t level = 1; level < counter.levels.size(); ++level) {
    if (counter.levels[level].network_energy == 0) {
      continue;
    }
    for (const Operand operand : all_operands) {
      std::size_t inner = level;
      while (inner < counter.levels.size() && !counter.levels[inner].holds[operand]) {
        ++inner;
      }
      double& words = counts.crossings[level][operand];
      words = counter.boundary(operand, level, inner).asked();
      if (operand == Operand::outputs && inner < counter.levels.size()) {
        words += counts.levels[inner][operand].fills;
      }
    }
  }
}

}  // namespace

NestCounts count_nest(const LayerShape& shape, const std::vector<Level>& levels, const LoopNest& nest,
                      Counting counting) {
  const Counter counter{shape, levels, place_loops(nest), counting};
  NestCounts counts;
  counts.levels.resize(levels.size());
  counts.crossings.resize(levels.size());
  counts.macs = counts.cycles = counts.pes_in_use = 1;
  for (const PlacedLoop& loop : counter.loops) {
    const auto bound = static_cast<double>(loop.bound);
    counts.macs *= bound;
    (loop.in_space ? counts.pes_in_use : counts.cycles) *= bound;
  }
  for (const Operand operand : all_operands) {
    for (const std::size_t level : holders_of(operand, levels)) {
      const Boundary boundary = counter.boundary(operand, level, level);
      counts.levels[level][operand].tile = boundary.tile();
      counts.levels[level][operand].instances = boundary.inner_instances();
    }
  }
  count_down(counter, Operand::weights, counts);
  count_down(counter, Operand::inputs, counts);
  if (counting == Counting::timeloop) {
    count_outputs_timeloop(counter, counts);
  } else {
    count_outputs_exact(counter, counts);
  }
  count_crossings(counter, counts);
  return counts;
}

}  // namespace mj
