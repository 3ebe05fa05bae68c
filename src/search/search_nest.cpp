#include "search/search_nest.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "search/extent_math.h"
#include "search/left_bounds.h"
#include "search/loop_reach.h"
#include "search/mirrored_nests.h"
#include "search/nest_bounds.h"
#include "search/nest_cycles.h"
#include "search/order_choice.h"
#include "search/outer_bounds.h"
#include "search/ragged_search.h"
#include "search/search_key.h"

namespace mj {
namespace {

/// Enters the space from the innermost tile outwards and leaves what cannot win.
class Search {
 public:
  Search(const NestProblem& problem, const NestSearchOptions& options)
      : problem_(problem),
        options_(options),
        space_(make_space(problem.shape, problem.levels)),
        mirrored_(space_),
        terms_(terms_of(problem)),
        bounds_(space_, terms_.front(), problem.counting),
        outer_(space_, bounds_, mirrored_),
        orders_(space_, pointers_to(terms_), problem.counting),
        cycles_(problem, space_) {
    nest_.tiles.resize(space_.stages.size());
    nest_.spreads.resize(space_.stages.size() - 1);
  }

  std::optional<NestOptimum> run() {
    find_roots();
    if (roots_.empty()) {
      return std::nullopt;
    }
    next_limit_ = roots_.front().key.first;
    double looked_before = looked_at_;
    while (!found_ && !out_of_time_ && next_limit_ < infinite) {
      excluded_ = next_limit_;
      round_limit_ = std::max(next_limit_, std::numeric_limits<double>::min()) *
                     (1 + left_.step(looked_at_ - looked_before));
      // A nest that the last round met just above its limit is as good as one that it found.
      round_limit_ = std::min(round_limit_, met_key_.first * (1 + 2 * rounding));
      looked_before = looked_at_;
      next_limit_ = infinite;
      left_.clear(round_limit_);
      cut_ = {round_limit_, infinite};
      search_roots();
    }
    if (!found_ && !out_of_time_) {
      return std::nullopt;
    }
    if (!found_ || (out_of_time_ && is_below(met_key_, cut_))) {
      best_ = met_;
    }
    best_.candidates = space_size(space_);
    best_.looked_at = looked_at_;
    best_.is_proven = !out_of_time_;
    const double open = std::max(excluded_, std::min(open_bound_, round_limit_));
    best_.bound = out_of_time_ ? std::min(open, best_.value) : best_.value;
    return best_;
  }

 private:
  struct Root {
    TileIndex tile;
    Key key;
    Mirror mirror = Mirror::none;
  };

  bool is_hopeless(double energy, std::size_t decided_from) {
    // Cycles decide between equal energies only.
    const bool is_decided = problem_.objective == Objective::energy &&
                            !(std::abs(energy - cut_.first) <= 2 * rounding * cut_.first);
    const double cycles = is_decided ? 0 : cycles_.least(nest_, decided_from);
    return is_hopeless(key_of(problem_.objective, energy, cycles));
  }

  bool is_hopeless(const Key& key) {
    if (is_below(key, cut_)) {
      return false;
    }
    next_limit_ = std::min(next_limit_, std::max(key.first, cut_.first));
    left_.add(key.first);
    return true;
  }

  bool may_stand(std::size_t stage, const TileIndex& tile, const TileIndex& inside) const {
    for (const Dimension dimension : all_dimensions) {
      if (tile[dimension] != inside[dimension] && !space_.may_loop[stage][dimension]) {
        return false;
      }
    }
    return true;
  }

  void find_roots() {
    const std::size_t last = space_.stages.size() - 1;
    nest_.tiles_from = last;
    nest_.spreads_from = last;
    const double fixed = terms_.front().constant + bounds_.of_moves(last + 1, nest_);
    const TileIndex whole = whole_tile(space_);
    for_each_tile(space_, last, TileIndex{}, [&](const TileIndex& tile, const Extents& extents) {
      if (!may_stand(last, tile, TileIndex{}) || (last == 0 && !(tile == whole))) {
        return;
      }
      looked_at_ += 1;
      double least = 0;
      if (last > 0) {
        bounds_.of_groups(last, extents, group_bounds_);
        least = *std::min_element(group_bounds_.begin(), group_bounds_.end()) + outer_.at(last - 1, tile);
      } else {
        least = 0;
      }
      const double energy = fixed + least;
      if (energy < infinite) {
        roots_.push_back({tile, key_of(problem_.objective, energy, cycles_.least(nest_, last))});
      }
    });
    std::stable_sort(roots_.begin(), roots_.end(), [](const Root& a, const Root& b) {
      return std::pair(a.key.first, a.key.second) < std::pair(b.key.first, b.key.second);
    });
    mirror_roots();
  }

  /// Says of each root whether its image comes before it.
  void mirror_roots() {
    if (mirrored_.start() == Mirror::none) {
      return;
    }
    std::map<std::array<uint8_t, dimension_count>, std::size_t> place;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      place[roots_[i].tile.values] = i;
    }
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      const auto image = place.find(mirrored(roots_[i].tile).values);
      if (image != place.end()) {
        roots_[i].mirror = image->second == i  ? Mirror::same
                           : image->second < i ? Mirror::earlier
                                               : Mirror::none;
      }
    }
  }

  /// Whether the search has met the image of all that it would go into now.
  bool was_mirrored(Mirror mirror, std::size_t stage) const {
    return mirror == Mirror::earlier && mirrored_.is_kept_outside(stage);
  }

  void search_roots() {
    const std::size_t last = space_.stages.size() - 1;
    for (const Root& root : roots_) {
      if (is_hopeless(root.key)) {
        if (root.key.first > cut_.first) {
          break;
        }
        continue;
      }
      if (was_mirrored(root.mirror, last)) {
        continue;
      }
      nest_.tiles[last] = extents_at(space_, root.tile);
      open_bound_ = root.key.first;
      if (last == 0) {
        settle();
      } else {
        spread_out(last, root.tile, inner_moves(last + 1), root.mirror);
      }
      if (out_of_time_) {
        return;
      }
    }
  }

  /// Chooses the spread outside the tile of `stage`. `inner` bounds what lies further in, by the class of the
  /// loops next to that spread.
  void spread_out(std::size_t stage, const TileIndex& tile, const ByClass& inner, Mirror of_tile) {
    nest_.tiles_from = stage;
    nest_.spreads_from = stage;
    const double macs = bounds_.of_moves(space_.stages.size(), nest_);
    std::vector<double> of_groups;
    bounds_.of_groups(stage, nest_.tiles[stage], of_groups);
    const double outside = outer_.at(stage - 1, tile);
    const double spent = *std::min_element(inner.begin(), inner.end());
    const std::vector<SpreadGroup>& groups = space_.spreads[stage - 1];
    for (std::size_t group = 0; group < groups.size(); ++group) {
      if (is_hopeless(spent + macs + of_groups[group] + outside, stage)) {
        continue;
      }
      for (std::size_t i = 0; i < groups[group].spreads.size(); ++i) {
        const Spread& spread = groups[group].spreads[i];
        TileIndex inside;
        if (!multiply(space_, tile, spread.index, inside)) {
          continue;
        }
        const Mirror mirror = mirrored_.after_spread(of_tile, stage - 1, group, i);
        if (was_mirrored(mirror, stage - 1)) {
          continue;
        }
        looked_at_ += 1;
        nest_.spreads[stage - 1] = spread.bounds;
        const double further = outer_.at(stage - 1, inside);
        if (is_hopeless(spent + macs + of_groups[group] + further, stage - 1)) {
          continue;
        }
        nest_.tiles_from = stage;
        nest_.spreads_from = stage - 1;
        const ClassBounds classes = bounds_.by_class(stage, nest_);
        const ByClass beyond = outer_.beyond(stage - 1, inside, classes);
        if (!is_hopeless(macs + least_sum(inner, beyond), stage - 1)) {
          // What lies further in costs more now that the spread is known.
          const double all_macs = bounds_.of_moves(space_.stages.size(), nest_);
          const ByClass within = inner_moves(stage + 1);
          if (!is_hopeless(all_macs + least_sum(within, beyond), stage - 1)) {
            loop_out(stage, inside, classes, within, all_macs, mirror);
          }
        }
        if (is_late()) {
          return;
        }
      }
    }
  }

  /// Chooses the tile of the next stage out.
  void loop_out(std::size_t stage, const TileIndex& inside, const ClassBounds& moves, const ByClass& inner,
                double macs, Mirror mirror) {
    const std::size_t next = stage - 1;
    const TileIndex whole = whole_tile(space_);
    if (next == 0) {
      if (may_stand(0, whole, inside)) {
        take_tile(stage, whole, inner, macs, mirror);
      }
      return;
    }
    const Extents from = extents_at(space_, inside);
    TileIndex tile = inside;
    Extents extents = from;
    LoopReach reach(space_.whole, from);
    const auto descend = [&](const auto& self, std::size_t at) -> void {
      const auto has_choice = [&](Dimension dimension) {
        return space_.may_loop[next][dimension] && space_.whole[dimension] > from[dimension];
      };
      while (at < dimension_count && !has_choice(all_dimensions.at(at))) {
        ++at;
      }
      const double least = moves.least(reach.reuse(at), inner);
      if (is_hopeless(macs + least + outer_.at(next, tile), next)) {
        return;
      }
      if (at == dimension_count) {
        if (fits(space_, next, extents)) {
          take_tile(stage, tile, inner, macs, mirror);
        }
        return;
      }
      const Dimension dimension = all_dimensions.at(at);
      const std::vector<int64_t>& divisors = space_.divisors[dimension];
      const uint8_t start = inside[dimension];
      const bool has_images = dimension == Dimension::Q && mirror == Mirror::same;
      const std::size_t least_place = has_images && mirrored_.is_kept_outside(next) ? tile[Dimension::P] : 0;
      for (std::size_t i = start; i < (space_.may_loop[next][dimension] ? divisors.size() : start + 1U);
           ++i) {
        if (i >= least_place && divisors[i] % divisors[start] == 0) {
          tile[dimension] = static_cast<uint8_t>(i);
          extents[dimension] = divisors[i];
          reach.decide(at, real(divisors[i] / divisors[start]));
          self(self, at + 1);
        }
      }
      tile[dimension] = start;
      extents[dimension] = divisors[start];
      reach.decide(at, 1);
    };
    descend(descend, 0);
  }

  void take_tile(std::size_t stage, const TileIndex& tile, const ByClass& inner, double macs,
                 Mirror of_spread) {
    const std::size_t next = stage - 1;
    const Mirror mirror = MirroredNests::after_tile(of_spread, tile);
    if (was_mirrored(mirror, next)) {
      return;
    }
    looked_at_ += 1;
    nest_.tiles[next] = extents_at(space_, tile);
    if (!fits(space_, next, nest_.tiles[next])) {
      return;
    }
    nest_.tiles_from = next;
    nest_.spreads_from = next;
    const ByClass joined = bounds_.join_moves(stage, nest_, inner);
    const double least = *std::min_element(joined.begin(), joined.end());
    if (!is_hopeless(macs + least + outer_.of_tile(next, tile), next) &&
        !is_hopeless(macs + least_sum(joined, outer_.of_tile_by_class(next, tile)), next)) {
      if (next == 0) {
        settle();
      } else {
        spread_out(next, tile, joined, mirror);
      }
    }
    nest_.tiles_from = stage;
    nest_.spreads_from = next;
  }

  /// What the nest costs from a stage inwards but for the MACs' own moves, with what is decided.
  ByClass inner_moves(std::size_t from) {
    ByClass inner{};
    inner.fill(terms_.front().constant);
    for (std::size_t stage = space_.stages.size(); stage-- > from;) {
      inner = bounds_.join_moves(stage, nest_, inner);
    }
    return inner;
  }

  static double least_sum(const ByClass& inner, const ByClass& outer) {
    double least = infinite;
    for (std::size_t i = 0; i < inner.size(); ++i) {
      least = std::min(least, inner.at(i) + outer.at(i));
    }
    return least;
  }

  /// Prices the orders of a chain of tiles.
  void settle() {
    looked_at_ += 1;
    for (const OrderedNest& ordered : orders_.best(nest_.tiles, nest_.spreads)) {
      const double energy = ordered.prices[0];
      const double cycles = cycles_.of(nest_, ordered.prices);
      const Key key = key_of(problem_.objective, energy, cycles);
      const bool is_met_first = is_below(key, met_key_);
      const bool wins = !is_hopeless(key);
      if (is_met_first || wins) {
        NestOptimum met{.nest = nest_of(space_, nest_.tiles, nest_.spreads, ordered.orders),
                        .energy = energy,
                        .cycles = cycles,
                        .value = key.first};
        if (is_met_first) {
          met_key_ = key;
          met_ = met;
        }
        if (wins) {
          cut_ = key;
          found_ = true;
          best_ = std::move(met);
        }
      }
    }
  }

  bool is_late() {
    if (options_.seconds && !out_of_time_ && (is_over_ || ++ticks_ % 64 == 0)) {
      const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
      is_over_ = is_over_ || passed.count() > *options_.seconds;
      out_of_time_ = is_over_ && met_key_.first < infinite;
      if (is_over_ && !out_of_time_) {
        cut_ = Key{};  // the first nest ends it
      }
    }
    return out_of_time_;
  }

  const NestProblem& problem_;
  const NestSearchOptions& options_;
  NestSpace space_;
  MirroredNests mirrored_;
  std::vector<NestTerms> terms_;
  NestBounds bounds_;
  OuterBounds outer_;
  OrderChoice orders_;
  NestCycles cycles_;
  PartialNest nest_;
  std::vector<Root> roots_;
  std::vector<double> group_bounds_;
  Key cut_;
  bool found_ = false;
  NestOptimum best_;
  double open_bound_ = 0;   ///< of the roots not yet searched
  double excluded_ = 0;     ///< no mapping is below
  double round_limit_ = 0;  ///< the searched ones have nothing below, but what was found
  NestOptimum met_;         ///< the best of all rounds, below the limit or not
  Key met_key_;
  double next_limit_ = 0;  ///< the least bound that this round leaves
  LeftBounds left_;
  double looked_at_ = 0;
  bool is_over_ = false;      ///< time has passed
  bool out_of_time_ = false;  ///< and there is a nest
  uint64_t ticks_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::energy:
      return "energy";
    case Objective::latency:
      return "latency";
    case Objective::edp:
      return "edp";
  }
  return "";
}

std::optional<NestOptimum> search_nest(const NestProblem& problem, const NestSearchOptions& options) {
  ensure(!problem.levels.empty() && problem.prices.levels.size() == problem.levels.size(),
         "a nest needs levels, and prices for each");
  return problem.tiling == Tiling::any ? search_ragged(problem, options) : Search(problem, options).run();
}

}  // namespace mj
