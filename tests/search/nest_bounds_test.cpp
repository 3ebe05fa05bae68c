#include "search/nest_bounds.h"

#include <gtest/gtest.h>

#include "random_nests.h"
#include "search/order_choice.h"

namespace mj {
namespace {

/// The chain of a nest: its tiles by stage and the spreads between them.
struct Chain {
  std::vector<Extents> tiles;
  std::vector<Extents> spreads;
};

Chain chain_of(const NestSpace& space, const LoopNest& nest) {
  Chain chain;
  for (const Stage& stage : space.stages) {
    chain.tiles.push_back(tile_extents(*space.shape, nest, stage.last_level));
    Extents spread{{1, 1, 1, 1, 1, 1, 1}};
    for (const auto& axis : nest.levels[stage.last_level].spatial) {
      for (const Loop& loop : axis) {
        spread[loop.dimension] *= loop.bound;
      }
    }
    chain.spreads.push_back(spread);
  }
  chain.spreads.pop_back();
  return chain;
}

/// The terms of one stage alone.
NestTerms only(const NestTerms& all, std::size_t stage) {
  NestTerms terms = all;
  terms.constant = 0;
  for (std::size_t i = 0; i < terms.moves.size(); ++i) {
    if (i != stage) {
      terms.moves[i].clear();
    }
    if (i < terms.shared_starts.size() && i != stage) {
      terms.shared_starts[i] = 0;
    }
  }
  return terms;
}

double least_price(const NestSpace& space, const NestTerms& terms, Counting counting, const Chain& chain) {
  return OrderChoice(space, {&terms}, counting).best(chain.tiles, chain.spreads).front().prices.front();
}

/// The group that holds a spread; the number of groups where none does.
std::size_t group_of(const std::vector<SpreadGroup>& groups, const Extents& bounds) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const Spread& spread : groups[i].spreads) {
      if (spread.bounds == bounds) {
        return i;
      }
    }
  }
  return groups.size();
}

TEST(PropertyNestBounds, NoOrderOfAnyNestMovesForLess) {
  random_nests::Generator generator(3);
  for (int i = 0; i < 4000; ++i) {
    const auto count = static_cast<std::size_t>(random_nests::draw(generator, 2, 4));
    const LayerShape shape = random_nests::shape(generator, 8, 4);
    Accelerator accelerator;
    accelerator.levels = random_nests::levels(generator, count);
    for (Level& level : accelerator.levels) {
      level.unroll = {"NKCPQRS", "NKCPQRS"};
      level.instances = {8, 8};
      level.one_axis = false;
      level.temporal = "NKCPQRS";
    }
    const LoopNest nest = random_nests::nest(generator, shape, count);
    const Counting counting = i % 2 == 0 ? Counting::exact : Counting::timeloop;
    const NestSpace space = make_space(shape, accelerator.levels);
    const NestTerms all = terms_of(plain_prices(accelerator, 0), accelerator.levels, counting,
                                   tile_words(shape, Operand::outputs, extents_of(shape)));
    const Chain chain = chain_of(space, nest);
    for (std::size_t stage = 1; stage <= count; ++stage) {
      const NestTerms terms = only(all, stage);
      const double least = least_price(space, terms, counting, chain) * (1 + 1e-12) + 1e-9;
      NestBounds bounds(space, terms, counting);
      PartialNest partial{chain.tiles, chain.spreads, std::min(stage, count - 1), std::min(stage, count) - 1};
      const std::string place = "nest " + std::to_string(i) + ", stage " + std::to_string(stage) +
                                ", counting " + std::to_string(static_cast<int>(counting));
      EXPECT_LE(bounds.of_moves(stage, partial), least) << place;
      if (stage == count) {
        continue;
      }
      std::vector<double> of_groups;
      bounds.of_groups(stage, chain.tiles[stage], of_groups);
      const std::size_t group = group_of(space.spreads[stage - 1], chain.spreads[stage - 1]);
      if (group < of_groups.size()) {
        EXPECT_LE(of_groups[group], least) << place;
      }
      partial.tiles_from = stage - 1;
      EXPECT_LE(bounds.of_moves(stage, partial), least) << place << ", next tile decided";
      while (partial.spreads_from > 0) {
        partial.spreads_from -= 1;
        EXPECT_LE(bounds.of_moves(stage, partial), least)
            << place << ", spreads from " << partial.spreads_from;
        partial.tiles_from -= 1;
        EXPECT_LE(bounds.of_moves(stage, partial), least) << place << ", tiles from " << partial.tiles_from;
      }
    }
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace mj
