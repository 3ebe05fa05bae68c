#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "energy/nest_prices.h"
#include "mapping/loop_nest.h"

namespace mj {

enum class Objective { energy, latency, edp };
/// "energy", "latency", "edp".
std::string_view name_of(Objective objective);

/// A level that hands on a limited number of words a cycle.
struct BandwidthLimit {
  std::size_t level = 0;
  NestPrices words;            ///< what counts as a word there; all else costs nothing
  double words_per_cycle = 1;  ///< of each instance in use
};

/// One group of a layer on the levels of an accelerator, with prices.
struct NestProblem {
  LayerShape shape;
  std::vector<Level> levels;
  NestPrices prices;
  std::vector<BandwidthLimit> limits;
  Counting counting = Counting::exact;
  Objective objective = Objective::energy;
  Tiling tiling = Tiling::divisors;
  double timed_share = 1;  ///< of the MACs, those that take time
};

struct NestSearchOptions {
  std::optional<double> seconds;  ///< none: until the proof
};

/// The best mapping, with its proof. Values are of one group: energy, cycles, or their product.
struct NestOptimum {
  LoopNest nest;
  double energy = 0;
  double cycles = 0;
  double value = 0;       ///< what was minimised
  double bound = 0;       ///< nothing in the space is below; equals `value` where the search ended
  double candidates = 0;  ///< mappings that the search stands for: all splits and orders
  double looked_at = 0;   ///< tiles, spreads and orders that it priced or bounded
  bool is_proven = true;  ///< false where time ran out
};

/// Cycles of a nest: of its loops in time, or of the level whose words take longest.
double nest_cycles(const NestProblem& problem, const LoopNest& nest, const NestCounts& counts);

/// The mapping of least value in the space of docs/mapper.md; among equals the one of fewest cycles (energy),
/// of least energy (latency, edp), then the first in the order of the search, which no number of threads
/// changes. nullopt where not even tiles of one word fit, or where time ran out before any mapping was found.
std::optional<NestOptimum> search_nest(const NestProblem& problem, const NestSearchOptions& options = {});

}  // namespace mj
