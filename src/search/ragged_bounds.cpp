#include "search/ragged_bounds.h"

#include <algorithm>

#include "mapping/ceil_divide.h"
#include "search/box_ranges.h"
#include "search/extent_math.h"

namespace mj {

RaggedBounds::RaggedBounds(const RaggedSpace& space, const NestTerms& terms, const NestTerms& least)
    : space_(space), terms_(terms), least_(least) {
  for (const Operand operand : all_operands) {
    words_[operand] = tile_words(*space.shape, operand, space.whole, false);
  }
}

bool RaggedBounds::is_shared(const Way& way, std::size_t spread, Operand operand) const {
  if (spread < way.outer) {
    return false;
  }
  const Level& into = (*space_.levels)[space_.stages[spread + 1].first_level];
  return way.always_shared || (operand == Operand::outputs ? into.reduction : into.multicast);
}

/// The most of a dimension that one word passing serves without any reuse in time.
int64_t RaggedBounds::covered_at_once(const NestBox& box, const Way& way, Operand operand,
                                      Dimension dimension) const {
  const std::size_t stages = box.tiles.size();
  int64_t cover = way.inner == stages ? 1 : box.tiles[way.inner][dimension].most;
  for (std::size_t stage = std::min(way.inner, stages - 1); stage-- > way.outer;) {
    if (is_shared(way, stage, operand)) {
      cover = std::min<int64_t>(box.tiles[stage][dimension].most, cover * box.spreads[stage][dimension].most);
    }
  }
  return cover;
}

/// How often a word passes for the sake of a dimension that it does not change with, without reuse in time.
double RaggedBounds::times_each(const NestBox& box, const Way& way, Operand operand,
                                Dimension dimension) const {
  return real(ceil_divide(space_.whole[dimension], covered_at_once(box, way, operand, dimension)));
}

/// The same where all loops over the dimension at the next stage out reuse it.
double RaggedBounds::times_reused(const NestBox& box, const Way& way, Operand operand,
                                  Dimension dimension) const {
  const std::size_t outer = way.inner - 1;
  const double whole = real(space_.whole[dimension]);
  const Range& tile = box.tiles[outer][dimension];
  const double tiles = real(ceil_divide(space_.whole[dimension], tile.most));
  if (is_shared(way, outer, operand)) {
    // Shared further out as well, by whole tiles.
    int64_t cover = tile.most;
    for (std::size_t stage = outer; stage-- > way.outer;) {
      if (is_shared(way, stage, operand)) {
        cover =
            std::min<int64_t>(box.tiles[stage][dimension].most, cover * box.spreads[stage][dimension].most);
      }
    }
    return real(ceil_divide(space_.whole[dimension], cover));
  }
  if (way.outer < outer) {
    return 1;  // some instances may be shared further out
  }
  const double instances = real(box.spreads[outer][dimension].least);
  return std::max(
      {tiles, instances,
       std::min(instances * whole / real(tile.most), whole / real(box.tiles[way.inner][dimension].most))});
}

/// However much reuse there is: all instances that do not share need each word.
double RaggedBounds::times_once(const NestBox& box, const Way& way, Operand operand) const {
  double times = 1;
  if (is_shared(way, way.inner - 1, operand)) {
    return times;
  }
  for (const Dimension dimension : all_dimensions) {
    if (!is_relevant(operand, dimension)) {
      times *= real(box.spreads[way.inner - 1][dimension].least);
    }
  }
  return times;
}

/// Weights or outputs, where the innermost loop next to the boundary is over `innermost`; nullopt where no
/// loop in time is there.
double RaggedBounds::words_of_class(const NestBox& box, const Way& way, Operand operand,
                                    std::optional<Dimension> innermost) const {
  const double once = times_once(box, way, operand);
  if (!innermost) {
    return words_[operand] * once;
  }
  const std::size_t outer = way.inner - 1;
  const bool is_reused = !is_relevant(operand, *innermost);
  double times = 1;
  double share = 0;
  for (const Dimension dimension : all_dimensions) {
    if (!is_relevant(operand, dimension)) {
      times *=
          is_reused ? times_reused(box, way, operand, dimension) : times_each(box, way, operand, dimension);
    } else if (is_reused && must_loop(box, outer, dimension)) {
      share = std::max(share, changing_share(box, outer, dimension));  // where the reuse ends
    }
  }
  share = is_reused ? share : changing_share(box, outer, *innermost);
  times = std::max(times, once);
  return words_[operand] * (share * times + (1 - share) * once);
}

/// The most visits that words of outputs make for the sake of a dimension that they do not change with.
double RaggedBounds::most_visits(const NestBox& box, const Way& way, Dimension dimension) const {
  double visits = 1;
  for (std::size_t stage = 0; stage < way.inner; ++stage) {
    visits *= real(ceil_divide(box.tiles[stage][dimension].most, least_covered(box, stage, dimension)));
    visits *= is_shared(way, stage, Operand::outputs) ? 1 : real(box.spreads[stage][dimension].most);
  }
  return std::min(visits, real(space_.whole[dimension]));
}

/// A saving on words that arrive: at most as many as visits, times the instances that add to each.
double RaggedBounds::of_negative(const NestBox& box, const MoveTerm& move, std::size_t inner,
                                 double visits) const {
  const Way way{move.visits != 0 ? move.visited : inner, inner, move.visits != 0};
  double instances = 1;
  double most = words_[Operand::outputs];
  for (const Dimension dimension : all_dimensions) {
    if (is_relevant(Operand::outputs, dimension)) {
      continue;
    }
    most *= most_visits(box, way, dimension);
    for (std::size_t stage = way.outer; stage < inner; ++stage) {
      instances *= real(box.spreads[stage][dimension].most);
    }
  }
  const double price = move.visits + move.filled * instances;
  return price * (price > 0 ? visits : most);
}

double RaggedBounds::of_move(const NestBox& box, const MoveTerm& move, std::size_t inner,
                             std::optional<Dimension> innermost) const {
  const auto words = [&](const Way& way) {
    return move.operand == Operand::inputs ? inputs_of_class(box, way, innermost)
                                           : words_of_class(box, way, move.operand, innermost);
  };
  double cost = 0;
  for (const AskedTerm& asked : move.asked) {
    cost += asked.price * words({asked.outer, inner, false});
  }
  const double visits = move.visits == 0 ? 0 : words({move.visited, inner, true});
  if (move.filled < 0) {
    return cost + of_negative(box, move, inner, visits);
  }
  return cost + move.visits * visits + (move.filled == 0 ? 0 : move.filled * words({inner, inner, false}));
}

double RaggedBounds::of_macs(const NestBox& box, const NestTerms& terms) const {
  const std::size_t macs = box.tiles.size();
  double cost = 0;
  for (const MoveTerm& move : terms.moves[macs]) {
    for (const AskedTerm& asked : move.asked) {
      const Way way{asked.outer, macs, false};
      if (move.operand == Operand::inputs) {
        cost += asked.price * mac_inputs(box, way);
        continue;
      }
      double words = words_[move.operand];
      for (const Dimension dimension : all_dimensions) {
        words *= is_relevant(move.operand, dimension) ? 1 : times_each(box, way, move.operand, dimension);
      }
      cost += asked.price * words;
    }
  }
  return cost;
}

double RaggedBounds::of(const NestBox& box) const {
  return std::max(of_terms(box, terms_), of_terms(box, least_));
}

double RaggedBounds::of_terms(const NestBox& box, const NestTerms& terms) const {
  double cost = terms.constant + of_macs(box, terms);
  for (std::size_t inner = 1; inner < box.tiles.size(); ++inner) {
    const auto of_class = [&](std::optional<Dimension> innermost) {
      double sum = 0;
      for (const MoveTerm& move : terms.moves[inner]) {
        sum += of_move(box, move, inner, innermost);
      }
      return sum;
    };
    double least = infinite;
    bool is_certain = false;
    for (const Dimension dimension : all_dimensions) {
      if (may_loop(box, inner - 1, dimension)) {
        least = std::min(least, of_class(dimension));
        is_certain = is_certain || must_loop(box, inner - 1, dimension);
      }
    }
    cost += is_certain ? least : std::min(least, of_class(std::nullopt));
  }
  return cost;
}

}  // namespace mj
