#include "search/nest_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/error.h"
#include "base/real.h"

namespace mj {
namespace {

constexpr std::size_t most_divisors = 250;

std::vector<int64_t> divisors_of(int64_t number) {
  std::vector<int64_t> low;
  std::vector<int64_t> high;
  for (int64_t divisor = 1; divisor * divisor <= number; ++divisor) {
    if (number % divisor == 0) {
      low.push_back(divisor);
      if (divisor != number / divisor) {
        high.push_back(number / divisor);
      }
    }
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

std::vector<std::vector<uint8_t>> product_table(const std::vector<int64_t>& divisors) {
  std::vector<std::vector<uint8_t>> table(divisors.size(),
                                          std::vector<uint8_t>(divisors.size(), NestSpace::no_product));
  for (std::size_t a = 0; a < divisors.size(); ++a) {
    for (std::size_t b = 0; b < divisors.size(); ++b) {
      const auto found = std::lower_bound(divisors.begin(), divisors.end(), divisors[a] * divisors[b]);
      if (found != divisors.end() && *found == divisors[a] * divisors[b]) {
        table[a][b] = static_cast<uint8_t>(found - divisors.begin());
      }
    }
  }
  return table;
}

/// All spatial bounds that a fan-out allows.
void collect_spreads(const NestSpace& space, const Level& into, std::size_t next, Spread& spread,
                     std::vector<Spread>& all) {
  if (next == dimension_count) {
    if (split_over_axes(spread.bounds, into)) {
      all.push_back(spread);
    }
    return;
  }
  const Dimension dimension = all_dimensions.at(next);
  const Spread before = spread;
  const int64_t room = into.instances[0] * into.instances[1];
  const std::vector<int64_t>& divisors = space.divisors[dimension];
  for (std::size_t i = 0; i < divisors.size() && before.instances * divisors[i] <= room; ++i) {
    spread.bounds[dimension] = divisors[i];
    spread.index[dimension] = static_cast<uint8_t>(i);
    spread.instances = before.instances * divisors[i];
    const Extents alone = [&] {
      Extents one{{1, 1, 1, 1, 1, 1, 1}};
      one[dimension] = divisors[i];
      return one;
    }();
    if (split_over_axes(alone, into)) {
      collect_spreads(space, into, next + 1, spread, all);
    }
  }
  spread = before;
}

std::vector<SpreadGroup> group_spreads(const std::vector<Spread>& all) {
  std::map<std::tuple<int64_t, int64_t, int64_t>, SpreadGroup> groups;
  for (const Spread& spread : all) {
    const auto& [n, k, c, p, q, r, s] = spread.bounds.values;
    SpreadGroup& group = groups[{n * p * q, k, c * r * s}];
    group.weights = static_cast<double>(n * p * q);
    group.outputs = static_cast<double>(c * r * s);
    group.kernels = static_cast<double>(k);
    group.inputs = std::max(group.inputs, static_cast<double>(k * p * q * r * s));
    group.instances = std::max(group.instances, spread.instances);
    group.spreads.push_back(spread);
  }
  std::vector<SpreadGroup> listed;
  listed.reserve(groups.size());
  for (auto& [key, group] : groups) {
    listed.push_back(std::move(group));
  }
  return listed;
}

std::vector<SpreadGroup> spreads_into(const NestSpace& space, const Level& into) {
  std::vector<Spread> all;
  Spread none;
  none.bounds = Extents{{1, 1, 1, 1, 1, 1, 1}};
  collect_spreads(space, into, 0, none, all);
  return group_spreads(all);
}

/// Ways to write a number as a product of so many, in order.
double ordered_products(int64_t number, std::size_t factors) {
  if (factors == 0) {
    return number == 1 ? 1 : 0;
  }
  double ways = 1;
  for (int64_t prime = 2; number > 1; ++prime) {
    prime = prime * prime > number ? number : prime;
    for (int64_t power = 1; number % prime == 0; ++power) {
      number /= prime;
      ways = ways * real(static_cast<int64_t>(factors) + power - 1) / real(power);  // exact
    }
  }
  return ways;
}

}  // namespace

NestSpace make_space(const LayerShape& shape, const std::vector<Level>& levels) {
  NestSpace space;
  space.shape = &shape;
  space.levels = &levels;
  space.stages = stages_of(levels);
  space.whole = extents_of(shape);
  for (const Dimension dimension : all_dimensions) {
    space.divisors[dimension] = divisors_of(space.whole[dimension]);
    if (space.divisors[dimension].size() > most_divisors) {
      throw InputError(
          "", fmt::format("dimension {}", letter_of(dimension)),
          fmt::format("is {} and has {} divisors", space.whole[dimension], space.divisors[dimension].size()),
          fmt::format("must have at most {}", most_divisors));
    }
    space.products[dimension] = product_table(space.divisors[dimension]);
  }
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    PerDimension<bool> may_loop;
    for (const Dimension dimension : all_dimensions) {
      may_loop[dimension] =
          levels[space.stages[stage].last_level].temporal.find(letter_of(dimension)) != std::string::npos;
    }
    space.may_loop.push_back(may_loop);
    if (stage + 1 < space.stages.size()) {
      const Level& into = levels[space.stages[stage + 1].first_level];
      space.spreads.push_back(spreads_into(space, into));
      space.shares.push_back({{into.multicast, into.multicast, into.reduction}});
    }
  }
  return space;
}

Extents extents_at(const NestSpace& space, const TileIndex& tile) {
  Extents extents;
  for (const Dimension dimension : all_dimensions) {
    extents[dimension] = space.divisors[dimension][tile[dimension]];
  }
  return extents;
}

TileIndex whole_tile(const NestSpace& space) {
  TileIndex tile;
  for (const Dimension dimension : all_dimensions) {
    tile[dimension] = static_cast<uint8_t>(space.divisors[dimension].size() - 1);
  }
  return tile;
}

bool multiply(const NestSpace& space, const TileIndex& a, const TileIndex& b, TileIndex& product) {
  for (const Dimension dimension : all_dimensions) {
    product[dimension] = space.products[dimension][a[dimension]][b[dimension]];
    if (product[dimension] == NestSpace::no_product) {
      return false;
    }
  }
  return true;
}

bool fits(const NestSpace& space, std::size_t stage, const Extents& tile) {
  return fits(*space.shape, *space.levels, space.stages[stage], tile);
}

bool fits(const LayerShape& shape, const std::vector<Level>& levels, const Stage& stage,
          const Extents& tile) {
  PerOperand<double> words;
  for (const Operand operand : all_operands) {
    words[operand] = tile_words(shape, operand, tile);
  }
  for (std::size_t i = stage.first_level; i <= stage.last_level; ++i) {
    const Level& level = levels[i];
    double needed = 0;
    for (const Operand operand : all_operands) {
      needed += level.holds[operand] ? words[operand] : 0;
      if (level.holds[operand] && level.words_of[operand] && words[operand] > *level.words_of[operand]) {
        return false;
      }
    }
    if (level.words && needed > *level.words) {
      return false;
    }
  }
  return true;
}

double count_orders(const std::vector<LoopWays>& of_dimensions, std::size_t stages) {
  // By how many loops stand at each stage so far, three bits a stage: dimensions join by adding.
  constexpr std::size_t width = 3;  // at most seven loops
  ensure(stages <= 64 / width, "a nest has too many stages to count its orders");
  std::unordered_map<uint64_t, double> ways{{0, 1.0}};
  for (const LoopWays& splits : of_dimensions) {
    std::unordered_map<uint64_t, double> joined;
    for (const auto& [standing, times] : splits) {
      uint64_t more = 0;
      for (std::size_t stage = 0; stage < stages; ++stage) {
        more |= uint64_t{standing >> stage & 1U} << width * stage;
      }
      for (const auto& [before, count] : ways) {
        joined[before + more] += count * times;
      }
    }
    ways = std::move(joined);
  }
  double size = 0;
  for (const auto& [standing, count] : ways) {
    double orders = count;
    for (std::size_t stage = 0; stage < stages; ++stage) {
      for (uint64_t i = 2; i <= (standing >> width * stage & 7U); ++i) {
        orders *= static_cast<double>(i);
      }
    }
    size += orders;
  }
  return size;
}

double space_size(const NestSpace& space) {
  const std::size_t stages = space.stages.size();
  std::vector<LoopWays> of_dimensions;
  for (const int64_t extent : space.whole.values) {
    // Loops at each of some stages, and at no other: all products of so many bounds and the spreads, less
    // those where fewer are loops.
    std::vector<double> with_loops;
    for (std::size_t loops = 0; loops <= stages; ++loops) {
      double ways = ordered_products(extent, loops + stages - 1);
      double choices = 1;  // of fewer stages
      for (std::size_t fewer = 0; fewer < loops; ++fewer) {
        ways -= choices * with_loops[fewer];
        choices = choices * static_cast<double>(loops - fewer) / static_cast<double>(fewer + 1);
      }
      with_loops.push_back(ways);
    }
    LoopWays& ways = of_dimensions.emplace_back();
    for (unsigned standing = 0; standing < 1U << stages; ++standing) {
      const double count = with_loops[static_cast<std::size_t>(std::popcount(standing))];
      if (count > 0) {
        ways[standing] = count;
      }
    }
  }
  return count_orders(of_dimensions, stages);
}

LoopNest nest_of(const NestSpace& space, const std::vector<Extents>& tiles,
                 const std::vector<Extents>& spreads, const std::vector<std::vector<Dimension>>& orders) {
  LoopNest nest;
  nest.levels.resize(space.levels->size());
  for (std::size_t stage = 0; stage < space.stages.size(); ++stage) {
    NestLevel& level = nest.levels[space.stages[stage].last_level];
    const bool is_last = stage + 1 == space.stages.size();
    for (const Dimension dimension : orders[stage]) {
      const int64_t inside = is_last ? 1 : tiles[stage + 1][dimension] * spreads[stage][dimension];
      if (tiles[stage][dimension] > inside) {
        level.loops.push_back({dimension, tiles[stage][dimension] / inside});
      }
    }
    if (is_last) {
      continue;
    }
    const auto axes = split_over_axes(spreads[stage], (*space.levels)[space.stages[stage + 1].first_level]);
    ensure(axes.has_value(), "a spread that was listed cannot be split over the axes");
    for (const std::size_t axis : {0U, 1U}) {
      for (const Dimension dimension : all_dimensions) {
        if (axes->at(axis)[dimension] > 1) {
          level.spatial.at(axis).push_back({dimension, axes->at(axis)[dimension]});
        }
      }
    }
  }
  return nest;
}

}  // namespace mj
