#include "energy/nest_counts.h"

#include <gtest/gtest.h>

#include "energy/nest_simulation.h"
#include "random_nests.h"

namespace mj {
namespace {

void expect_same(const NestCounts& got, const NestCounts& want, const std::string& where) {
  for (std::size_t level = 0; level < want.levels.size(); ++level) {
    for (const Operand operand : all_operands) {
      const OperandCounts& mine = got.levels[level][operand];
      const OperandCounts& theirs = want.levels[level][operand];
      const std::string place =
          where + " level " + std::to_string(level) + " " + std::string(to_string(operand));
      EXPECT_EQ(mine.reads, theirs.reads) << place;
      EXPECT_EQ(mine.fills, theirs.fills) << place;
      EXPECT_EQ(mine.updates, theirs.updates) << place;
      EXPECT_EQ(mine.drains, theirs.drains) << place;
    }
  }
}

TEST(PropertyNestCounts, AnElementByElementSimulationMovesTheSameWords) {
  random_nests::Generator generator(1);
  for (int i = 0; i < 400; ++i) {
    const LayerShape shape = random_nests::shape(generator, 4, 4);
    if (mac_count(shape) > 600) {
      continue;
    }
    const auto count = static_cast<std::size_t>(random_nests::draw(generator, 2, 4));
    const std::vector<Level> levels = random_nests::levels(generator, count);
    const LoopNest nest = random_nests::nest(generator, shape, count);
    expect_same(count_nest(shape, levels, nest, Counting::exact), simulation::Nest(shape, levels, nest).run(),
                "nest " + std::to_string(i));
    ASSERT_FALSE(HasFailure()) << "nest " << i;
  }
}

TEST(PropertyNestCounts, RaggedTilesMoveWhatASimulationOfThemMoves) {
  random_nests::Generator generator(2);
  for (int i = 0; i < 1500; ++i) {
    const LayerShape shape = random_nests::shape(generator, 7, 3);
    if (mac_count(shape) > 400) {
      continue;
    }
    const auto count = static_cast<std::size_t>(random_nests::draw(generator, 2, 4));
    const std::vector<Level> levels = random_nests::levels(generator, count);
    const LoopNest nest = random_nests::ragged_nest(generator, shape, count);
    const NestCounts counts = count_nest(shape, levels, nest, Counting::exact);
    const NestCounts simulated = simulation::Nest(shape, levels, nest).run();
    expect_same(counts, simulated, "nest " + std::to_string(i));
    EXPECT_EQ(counts.cycles, simulated.cycles);
    ASSERT_FALSE(HasFailure()) << "nest " << i;
  }
}

TEST(UnitNestCounts, HolesOfAStrideAreMovedByTimeloopOnly) {
  // Two outputs of a 1 x 1 layer with stride 2 take 2 words a row, in a box of 3.
  LayerShape shape;
  shape.p = 2;
  shape.stride = {2, 1};
  shape.height = 3;
  std::vector<Level> levels(2);
  LoopNest nest;
  nest.levels = {{}, {{{Dimension::P, 2}}, {}}};
  EXPECT_EQ(count_nest(shape, levels, nest, Counting::timeloop).levels[0][Operand::inputs].reads, 3);
  EXPECT_EQ(count_nest(shape, levels, nest, Counting::exact).levels[0][Operand::inputs].reads, 2);
}

TEST(UnitNestCounts, NeighboursThatSlideTogetherShareTheirHalo) {
  // Two neighbours need rows 0-2 and 1-3: Timeloop reads 6 words, of which 4 differ.
  LayerShape shape;
  shape.p = 2;
  shape.r = 3;
  shape.height = 4;
  std::vector<Level> levels(2);
  levels[1].instances = {2, 1};
  LoopNest nest;
  nest.levels = {{{}, {{{{Dimension::P, 2}}, {}}}}, {{{Dimension::R, 3}}, {}}};
  EXPECT_EQ(count_nest(shape, levels, nest, Counting::timeloop).levels[0][Operand::inputs].reads, 6);
  EXPECT_EQ(count_nest(shape, levels, nest, Counting::exact).levels[0][Operand::inputs].reads, 4);
}

TEST(UnitNestCounts, TheLastOfRaggedTilesBringsAndTakesLess) {
  // Outputs 0-1, 2-3 and 4 of two taps: rows 0-2, 3-4 and 5 are new, and the loops inside take 2, 2 and 1
  // steps of two taps each.
  LayerShape shape;
  shape.p = 5;
  shape.r = 2;
  shape.height = 6;
  const std::vector<Level> levels(2);
  LoopNest nest;
  nest.tiling = Tiling::any;
  nest.levels = {{{{Dimension::P, 3}}, {}}, {{{Dimension::P, 2}, {Dimension::R, 2}}, {}}};
  const NestCounts counts = count_nest(shape, levels, nest, Counting::exact);
  EXPECT_EQ(counts.levels[0][Operand::inputs].reads, 6);
  EXPECT_EQ(counts.levels[0][Operand::weights].reads, 2);
  EXPECT_EQ(counts.levels[0][Operand::outputs].updates, 5);
  EXPECT_EQ(counts.levels[1][Operand::inputs].reads, 10);
  EXPECT_EQ(counts.cycles, 10);
}

TEST(UnitNestCounts, AnInstanceThatTheLastStepDoesNotReachKeepsItsWords) {
  // Three weights over two instances, in steps of two, for each of two images: the second holds weight 1 all
  // along, the first fetches 0 and 2 twice.
  LayerShape shape;
  shape.n = 2;
  shape.k = 3;
  std::vector<Level> levels(2);
  levels[1].instances = {2, 1};
  LoopNest nest;
  nest.tiling = Tiling::any;
  nest.levels = {{{{Dimension::N, 2}, {Dimension::K, 2}}, {{{{Dimension::K, 2}}, {}}}}, {}};
  const NestCounts counts = count_nest(shape, levels, nest, Counting::exact);
  EXPECT_EQ(counts.levels[1][Operand::weights].fills, 5);
  EXPECT_EQ(counts.levels[1][Operand::weights].instances, 2);
  EXPECT_EQ(counts.cycles, 4);
}

TEST(UnitNestCounts, ASpilledPartialSumIsReadWrittenAndFetched) {
  // C outside P: each of 2 outputs leaves for memory after the first channel and comes back for the second.
  LayerShape shape;
  shape.c = 2;
  shape.p = 2;
  shape.height = 2;
  std::vector<Level> levels(2);
  LoopNest nest;
  nest.levels = {{{{Dimension::C, 2}, {Dimension::P, 2}}, {}}, {}};
  const NestCounts counts = count_nest(shape, levels, nest, Counting::exact);
  const OperandCounts& memory = counts.levels[0][Operand::outputs];
  const OperandCounts& register_file = counts.levels[1][Operand::outputs];
  EXPECT_EQ(memory.updates, 4);
  EXPECT_EQ(memory.reads, 2);
  EXPECT_EQ(register_file.fills, 2);
  EXPECT_EQ(register_file.updates, 4);
  EXPECT_EQ(register_file.reads, 2);
  EXPECT_EQ(register_file.drains, 4);
}

}  // namespace
}  // namespace mj
