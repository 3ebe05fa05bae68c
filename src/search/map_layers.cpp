#include "search/map_layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"
#include "energy/nest_accesses.h"
#include "mapping/ceil_divide.h"
#include "mapping/fan_out.h"
#include "mapping/placed_loops.h"

namespace mj {
namespace {

/// Whatever a search depends on, as text: equal layers have equal keys.
std::string key_of(const NestProblem& problem) {
  std::string key;
  const auto add = [&](double value) { key += fmt::format("{:a} ", value); };
  for (const int64_t extent : extents_of(problem.shape).values) {
    add(static_cast<double>(extent));
  }
  for (const std::size_t axis : {0U, 1U}) {
    add(static_cast<double>(problem.shape.stride.at(axis)));
    add(static_cast<double>(problem.shape.dilation.at(axis)));
  }
  const auto add_prices = [&](const NestPrices& prices) {
    add(prices.macs);
    for (const double share : prices.mac_accesses.values) {
      add(share);
    }
    for (const auto& level : prices.levels) {
      for (const OperandPrices& price : level.values) {
        for (const double each : {price.read, price.fill, price.update, price.drain, price.crossing}) {
          add(each);
        }
      }
    }
  };
  add_prices(problem.prices);
  for (const BandwidthLimit& limit : problem.limits) {
    add_prices(limit.words);
  }
  add(problem.timed_share);
  add(problem.tiling == Tiling::any ? 1 : 0);
  return key;
}

/// The tile that a level must hold at least: what no loop further out, in time or space, can divide.
Extents smallest_tile(const NestProblem& problem, std::size_t level) {
  const std::vector<Level>& levels = problem.levels;
  Extents tile = extents_of(problem.shape);
  for (const Dimension dimension : all_dimensions) {
    const int64_t whole = tile[dimension];
    int64_t most_parts = 1;
    for (std::size_t i = 0; i < level; ++i) {
      most_parts = allows(levels[i].temporal, dimension)
                       ? whole
                       : std::min(whole, most_parts * most_instances(levels[i + 1], dimension));
    }
    tile[dimension] = 1;
    while ((problem.tiling == Tiling::divisors && whole % tile[dimension] != 0) ||
           ceil_divide(whole, tile[dimension]) > most_parts) {
      ++tile[dimension];
    }
  }
  return tile;
}

/// Why not even the smallest tiles can be mapped.
std::string reason_of(const NestProblem& problem) {
  for (std::size_t i = 0; i < problem.levels.size(); ++i) {
    const Level& level = problem.levels[i];
    const Extents tile = smallest_tile(problem, i);
    double needed = 0;
    for (const Operand operand : all_operands) {
      const double words = level.holds[operand] ? tile_words(problem.shape, operand, tile) : 0;
      needed += words;
      if (level.words_of[operand] && words > *level.words_of[operand]) {
        return fmt::format("{}: the smallest tile needs {} words of {}, has {}", level.name, words,
                           to_string(operand), *level.words_of[operand]);
      }
    }
    if (level.words && needed > *level.words) {
      return fmt::format("{}: the smallest tile needs {} words, has {}", level.name, needed, *level.words);
    }
  }
  return "the levels' `temporal` and `unroll` leave a dimension no place";
}

/// A layer's own search.
NestOptimum search_layer(const Workload& workload, const Accelerator& accelerator, const NestProblem& problem,
                         const NestOptions& options) {
  auto found = search_nest(problem, {.seconds = options.seconds});
  if (!found) {
    throw InputError(accelerator.file, "layer " + workload.name,
                     "does not fit even in its smallest parts: " + reason_of(problem),
                     "take an accelerator with more room");
  }
  return *found;
}

LayerEstimate priced(const Workload& workload, const Accelerator& accelerator, int64_t batch,
                     const LoopNest& nest, const NestOptimum& optimum, const NestOptions& options) {
  LayerEstimate layer = price_nest(workload, accelerator, batch, nest, options.counting);
  NestEstimate estimate;
  estimate.nest = name_levels(nest, accelerator);
  const double energy = layer.energy.total.value * static_cast<double>(batch);
  const double cycles = layer.counts.cycles.value;
  const auto groups = static_cast<double>(workload.shape.groups);
  const bool is_product = options.objective == Objective::edp;
  const double scale = is_product ? groups * groups : groups;
  estimate.value = is_product ? energy * cycles : options.objective == Objective::latency ? cycles : energy;
  estimate.least_value = optimum.value * scale;
  if (!optimum.is_proven) {
    estimate.least_value = std::min(estimate.least_value, estimate.value);  // a given one may be better
  }
  estimate.bound = optimum.bound * scale;
  estimate.candidates = optimum.candidates;
  estimate.looked_at = optimum.looked_at;
  estimate.limited_by = limiting_resource(layer.counts, workload, accelerator, nest);
  layer.nest = std::move(estimate);
  return layer;
}

}  // namespace

NestProblem nest_problem(const Workload& workload, const Accelerator& accelerator,
                         const NestOptions& options) {
  const NestWorkload layer = nest_workload(workload, accelerator);
  NestProblem problem;
  problem.shape = layer.shape;
  problem.levels = accelerator.levels;
  problem.prices = layer.prices;
  problem.counting = options.counting;
  problem.objective = options.objective;
  problem.tiling = options.tiling;
  problem.timed_share = layer.timed_share;
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    if (accelerator.levels[i].bandwidth) {
      problem.limits.push_back({i, layer.words[i], *accelerator.levels[i].bandwidth});
    }
  }
  return problem;
}

LayerEstimate price_nest(const Workload& workload, const Accelerator& accelerator, int64_t batch,
                         const LoopNest& nest, Counting counting) {
  LayerEstimate layer;
  layer.workload = workload;
  layer.counts = count_accesses(workload, accelerator, nest, counting);
  layer.energy = price(layer.counts, workload, accelerator, static_cast<double>(batch));
  return layer;
}

std::vector<LayerEstimate> map_layers(const std::vector<Workload>& workloads, const Accelerator& accelerator,
                                      int64_t batch, const std::map<std::size_t, LoopNest>& given,
                                      const NestOptions& options) {
  std::vector<NestProblem> problems;
  std::vector<std::size_t> first;  // of the layers that need the same search, the one that runs it
  std::map<std::string, std::size_t> known;
  std::vector<std::size_t> searches;
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    problems.push_back(nest_problem(workloads[i], accelerator, options));
    if (const auto own = given.find(i);
        own != given.end() && has_ragged_tiles(workloads[i].shape, own->second)) {
      problems.back().tiling = Tiling::any;  // it is compared with the best of its kind
    }
    const auto [at, is_new] = known.emplace(key_of(problems.back()), i);
    first.push_back(at->second);
    if (is_new) {
      searches.push_back(i);
    }
  }
  std::vector<NestOptimum> optima(workloads.size());
  parallel_for(searches.size(), available_threads(), [&](std::size_t i) {
    const std::size_t layer = searches[i];
    optima[layer] = search_layer(workloads[layer], accelerator, problems[layer], options);
  });
  std::vector<LayerEstimate> layers;
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    const NestOptimum& optimum = optima[first[i]];
    const auto own = given.find(i);
    const bool is_given = own != given.end();
    layers.push_back(
        priced(workloads[i], accelerator, batch, is_given ? own->second : optimum.nest, optimum, options));
    layers.back().mapping_is_optimal = !is_given && optimum.is_proven;
  }
  return layers;
}

}  // namespace mj
