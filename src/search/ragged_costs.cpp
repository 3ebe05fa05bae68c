#include "search/ragged_costs.h"

#include <algorithm>

#include "search/extent_math.h"

namespace mj {
namespace {

using Place = SplitDimension::Place;

constexpr std::size_t most_known = 200000;  ///< splits whose sums are remembered

bool holds(const std::vector<Level>& levels, const Stage& stage, Operand operand) {
  return std::any_of(levels.begin() + static_cast<std::ptrdiff_t>(stage.first_level),
                     levels.begin() + static_cast<std::ptrdiff_t>(stage.last_level) + 1,
                     [&](const Level& level) { return level.holds[operand]; });
}

}  // namespace

Extents covered(const Extents& tile, const Extents& spread, const Extents& inner) {
  Extents cover;
  for (const Dimension dimension : all_dimensions) {
    cover[dimension] = std::min(tile[dimension], spread[dimension] * inner[dimension]);
  }
  return cover;
}

RaggedCosts::RaggedCosts(const LayerShape& shape, const std::vector<Level>& levels,
                         const std::vector<const NestTerms*>& terms)
    : StepCosts(stages_of(levels).size(), terms.size()),
      shape_(shape),
      levels_(levels),
      stages_(stages_of(levels)),
      outside_(stages_.size() + 1) {
  list_passages(terms);
}

void RaggedCosts::list_passages(const std::vector<const NestTerms*>& terms) {
  for (std::size_t term = 0; term < terms.size(); ++term) {
    constants_.push_back(terms[term]->constant);
    for (std::size_t inner = 1; inner < terms[term]->moves.size(); ++inner) {
      for (const MoveTerm& move : terms[term]->moves[inner]) {
        add_price({inner, 0, move.operand, Counted::arriving}, term, move.filled);
        add_price({inner, move.visited, move.operand, Counted::visiting}, term, move.visits);
        for (const AskedTerm& asked : move.asked) {
          add_price({inner, asked.outer, move.operand, Counted::asked}, term, asked.price);
        }
      }
    }
  }
}

void RaggedCosts::add_price(const Way& way, std::size_t term, double price) {
  if (price == 0) {
    return;
  }
  auto found = std::find_if(passages_.begin(), passages_.end(),
                            [&](const Passage& known) { return known.way == way; });
  if (found == passages_.end()) {
    found = passages_.emplace(passages_.end());
    found->way = way;
    found->prices.assign(terms(), 0.0);
  }
  found->prices[term] += price;
}

void RaggedCosts::prepare(const std::vector<Extents>& tiles, const std::vector<Extents>& spreads) {
  std::vector<Extents> covers;
  for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
    covers.push_back(stage + 1 < stages_.size() ? covered(tiles[stage], spreads[stage], tiles[stage + 1])
                                                : Extents{{1, 1, 1, 1, 1, 1, 1}});
    StageLoops& loops = loops_[stage];
    loops.count = 0;
    outside_[stage + 1] = outside_[stage];
    for (const Dimension dimension : all_dimensions) {
      if (tiles[stage][dimension] > covers[stage][dimension]) {
        loops.dimensions.at(loops.count++) = dimension;
        ++outside_[stage + 1][dimension];
      }
    }
  }
  if (known_.size() + known_axes_.size() > most_known) {
    known_.clear();
    known_axes_.clear();
  }
  for (Passage& passage : passages_) {
    split_dimensions(passage, tiles, covers);
    find_sums(passage);
  }
}

void RaggedCosts::split_dimensions(Passage& passage, const std::vector<Extents>& tiles,
                                   const std::vector<Extents>& covers) const {
  for (const Dimension dimension : all_dimensions) {
    SplitDimension& split = passage.split[dimension];
    split.extent = tiles[0][dimension];
    split.loops.clear();
    split.holders.clear();
    for (std::size_t stage = 0; stage < std::min(passage.way.inner, stages_.size()); ++stage) {
      if (stage > 0 && passage.way.operand == Operand::outputs &&
          holds(levels_, stages_[stage], Operand::outputs)) {
        split.holders.push_back(split.loops.size());
      }
      const int64_t cover = covers[stage][dimension];
      if (tiles[stage][dimension] > cover) {
        split.loops.push_back({cover, Place::time});
      }
      if (stage + 1 < stages_.size() && cover > tiles[stage + 1][dimension]) {
        const Level& into = levels_[stages_[stage + 1].first_level];
        const bool shares = passage.way.operand == Operand::outputs ? into.reduction : into.multicast;
        const bool together = stage >= passage.way.outer && passage.way.counted != Counted::arriving &&
                              (shares || passage.way.counted == Counted::visiting);
        split.loops.push_back({tiles[stage + 1][dimension], together ? Place::together : Place::apart});
      }
    }
  }
}

void RaggedCosts::find_sums(Passage& passage) {
  for (const Dimension dimension : all_dimensions) {
    passage.alone[dimension] =
        &known_[{is_relevant(passage.way.operand, dimension), passage.split[dimension]}];
  }
  for (std::size_t axis = 0; axis < 2 && passage.way.operand == Operand::inputs; ++axis) {
    passage.axes.at(axis) =
        &known_axes_[{axis, {passage.split[output_of(axis)], passage.split[tap_of(axis)]}}];
  }
}

const MoveSums& RaggedCosts::alone(Passage& passage, Dimension dimension, const Outside& outside,
                                   std::optional<Dimension> steps) const {
  const bool own = steps == dimension;
  const auto [found, is_new] =
      passage.alone[dimension]->try_emplace({outside[dimension], own ? std::size_t{1} : 0, 0});
  if (is_new) {
    found->second = sum_moves(moves_of(passage.split[dimension], outside[dimension], own),
                              is_relevant(passage.way.operand, dimension));
  }
  return found->second;
}

const MoveSums& RaggedCosts::on_axis(Passage& passage, std::size_t axis, const Outside& outside,
                                     std::optional<Dimension> steps) const {
  const Dimension output = output_of(axis);
  const Dimension tap = tap_of(axis);
  const std::size_t own = steps == output ? 1 : steps == tap ? 2 : 0;
  const auto [found, is_new] = passage.axes.at(axis)->try_emplace({outside[output], outside[tap], own});
  if (is_new) {
    found->second = sum_row_moves(moves_of(passage.split[output], outside[output], own == 1),
                                  moves_of(passage.split[tap], outside[tap], own == 2),
                                  shape_.stride.at(axis), shape_.dilation.at(axis));
  }
  return found->second;
}

MoveSums RaggedCosts::product(Passage& passage, const Outside& outside,
                              std::optional<Dimension> steps) const {
  return multiply_factors(
      passage.way.operand, [&](Dimension dimension) { return alone(passage, dimension, outside, steps); },
      [&](std::size_t axis) { return on_axis(passage, axis, outside, steps); });
}

std::vector<double> RaggedCosts::fixed_prices() {
  std::vector<double> prices = constants_;
  for (Passage& passage : passages_) {
    const bool feeds_macs = passage.way.inner == stages_.size();
    const double words =
        product(passage, feeds_macs ? outside_[stages_.size()] : Outside{}, std::nullopt).all;
    for (std::size_t term = 0; term < prices.size(); ++term) {
      prices[term] += passage.prices[term] * words;
    }
  }
  return prices;
}

void RaggedCosts::add_step(std::size_t stage, std::size_t loop, unsigned inside,
                           const std::vector<const Move*>& /*innermost*/, double* prices) {
  const StageLoops& loops = loops_[stage];
  Outside outside = outside_[stage];
  for (std::size_t other = 0; other < loops.count; ++other) {
    const bool is_outside = other != loop && (inside >> other & 1U) == 0;
    outside[loops.dimensions.at(other)] += is_outside ? 1 : 0;
  }
  for (Passage& passage : passages_) {
    if (passage.way.inner <= stage || passage.way.inner == stages_.size()) {
      continue;
    }
    const MoveSums sums = product(passage, outside, loops.dimensions.at(loop));
    for (std::size_t term = 0; term < terms(); ++term) {
      prices[term] += passage.prices[term] * (sums.all - sums.kept);
    }
  }
}

}  // namespace mj
