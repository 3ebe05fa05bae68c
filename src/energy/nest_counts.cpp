#include "energy/nest_counts.h"

#include <optional>

#include "base/error.h"
#include "energy/nest_boundary.h"
#include "energy/ragged_boundary.h"

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

/// What passes between two levels, over all instances (see Boundary).
struct Passing {
  double filled = 0;
  double asked = 0;
  double returning = 0;
};

/// What stands fixed while one nest is counted.
struct Counter {
  const LayerShape& shape;
  const std::vector<Level>& levels;
  const LoopNest& nest;
  std::vector<PlacedLoop> loops;
  Counting counting;
  bool is_ragged;

  Passing passing(Operand operand, std::size_t outer, std::size_t inner) const {
    if (is_ragged) {
      const RaggedBoundary boundary(shape, levels, loops, operand, outer, inner);
      const bool returns = operand == Operand::outputs && inner < levels.size();
      return {inner < levels.size() ? boundary.moved(Counted::arriving) : 0, boundary.moved(Counted::asked),
              returns ? boundary.moved(Counted::visiting) : 0};
    }
    const Boundary boundary(shape, levels, loops, operand, counting, outer, inner);
    return {boundary.filled(), boundary.asked(), boundary.returning()};
  }

  void describe(Operand operand, std::size_t level, OperandCounts& counts) const {
    if (is_ragged) {
      counts.tile = RaggedBoundary(shape, levels, loops, operand, level, level).tile();
      counts.instances = instances_in_use(shape, nest, level);
    } else {
      const Boundary boundary(shape, levels, loops, operand, counting, level, level);
      counts.tile = boundary.tile();
      counts.instances = boundary.inner_instances();
    }
  }
};

/// Weights and inputs: what is asked for below is read, what arrives is a fill.
void count_down(const Counter& counter, Operand operand, NestCounts& counts) {
  const auto holders = holders_of(operand, counter.levels);
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const bool feeds_macs = i + 1 == holders.size();
    const std::size_t inner = feeds_macs ? counter.levels.size() : holders[i + 1];
    const Passing passing = counter.passing(operand, holders[i], inner);
    counts.levels[holders[i]][operand].reads = passing.asked;
    if (!feeds_macs) {
      counts.levels[inner][operand].fills = passing.filled;
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
    const Passing passing = counter.passing(Operand::outputs, holders[i], inner);
    // Instances that hold the same words at once, whether or not the way up adds them.
    double first = words;
    for (const PlacedLoop& loop : counter.loops) {
      const bool shared = loop.in_space && loop.level < holders[i];
      first *= shared && !is_relevant(Operand::outputs, loop.dimension) ? static_cast<double>(loop.bound) : 1;
    }
    OperandCounts& level = counts.levels[holders[i]][Operand::outputs];
    level.updates = passing.asked;
    level.reads = passing.asked - first;
    if (i > 0) {
      level.fills -= first;
    }
    if (!feeds_macs) {
      counts.levels[inner][Operand::outputs].fills = passing.filled;
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
    const Passing passing = counter.passing(Operand::outputs, holders[i], inner);
    OperandCounts& level = counts.levels[holders[i]][Operand::outputs];
    level.updates = passing.asked;
    level.reads = passing.asked - empty_starts;
    if (!feeds_macs) {
      OperandCounts& below = counts.levels[inner][Operand::outputs];
      below.drains = passing.filled;
      below.fills = passing.returning - empty_starts;
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
      words = counter.passing(operand, level, inner).asked;
      if (operand == Operand::outputs && inner < counter.levels.size()) {
        words += counts.levels[inner][operand].fills;
      }
    }
  }
}

}  // namespace

NestCounts count_nest(const LayerShape& shape, const std::vector<Level>& levels, const LoopNest& nest,
                      Counting counting) {
  const bool is_ragged = nest.tiling == Tiling::any && has_ragged_tiles(shape, nest);
  ensure(!is_ragged || counting == Counting::exact, "Timeloop's rules know no ragged tiles");
  const Counter counter{shape, levels, nest, place_loops(nest), counting, is_ragged};
  NestCounts counts;
  counts.levels.resize(levels.size());
  counts.crossings.resize(levels.size());
  counts.macs = 1;
  counts.cycles = steps_in_time(shape, nest);
  counts.pes_in_use = instances_in_use(shape, nest, levels.size());
  for (const int64_t extent : extents_of(shape).values) {
    counts.macs *= static_cast<double>(extent);
  }
  for (const Operand operand : all_operands) {
    for (const std::size_t level : holders_of(operand, levels)) {
      counter.describe(operand, level, counts.levels[level][operand]);
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
