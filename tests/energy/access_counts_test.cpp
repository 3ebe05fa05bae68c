#include "energy/access_counts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "energy/price.h"
#include "energy/random_layer.h"

namespace {

using mj::Operand;

mj::Accelerator parse(const std::string& text) {
  std::vector<mj::Problem> problems;
  auto accelerator = parse_accelerator(mj::parse_document(text, "test.yaml"), problems);
  mj::throw_problems("test.yaml", problems);
  return accelerator;
}

mj::Accelerator chip_with(const std::string& old_text, const std::string& new_text) {
  std::string text = mj::preset_text("eyeriss");
  text.replace(text.find(old_text), old_text.size(), new_text);
  return parse(text);
}

/// 2 images of 4 channels of 5 x 6, 6 filters of 3 x 2, no padding: outputs of 3 x 5.
mj::LayerShape small_shape() {
  mj::LayerShape shape;
  shape.n = 2;
  shape.k = 6;
  shape.c = 4;
  shape.p = 3;
  shape.q = 5;
  shape.r = 3;
  shape.s = 2;
  shape.height = 5;
  shape.width = 6;
  return shape;
}

const mj::RowStationaryMapping small_mapping{.m = 4, .n = 1, .e = 2, .p = 2, .q = 2, .r = 1, .t = 2};

// Cp = 4/2 = 2, Mg = ceil(6/4) = 2, Ng = 2, Eg = ceil(3/2) = 2, strip = 4 rows, 6 words a row.
TEST(UnitAccessCounts, FollowTheClosedFormOnAHandWorkedLayer) {
  const auto layer = workload_with_density(small_shape(), 1, 1);
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[0].format = {};
  accelerator.ramp_up_cycles = 0;
  const auto counts = count_accesses(layer, accelerator, small_mapping);
  const auto& dram = counts.levels[0].operands;
  EXPECT_EQ(dram[Operand::weights].read.value, 6 * 4 * 6 * 4);     // 144 weights, Ng*Eg = 4 times
  EXPECT_EQ(dram[Operand::inputs].read.value, 2 * 4 * 5 * 6 * 2);  // maps, ceil(6/4) = 2 times
  EXPECT_EQ(dram[Operand::outputs].write.value, 2 * 6 * 3 * 5);
  const auto& buffer = counts.levels[1].operands;
  EXPECT_EQ(buffer[Operand::weights].read.value + buffer[Operand::weights].write.value, 0);
  EXPECT_EQ(buffer[Operand::inputs].read.value, 2 * 2 * 2 * 2 * (1 * 2 * 1 * 4 * 6));
  EXPECT_EQ(buffer[Operand::outputs].read.value, 2 * 180);  // Cp times 180 partial sums
  EXPECT_EQ(buffer[Operand::outputs].write.value, 2 * 180);
  const auto& array = counts.levels[2].operands;
  EXPECT_EQ(array[Operand::inputs].read.value, 4320 / (2 * 2));       // 180*4*6 MACs over p S
  EXPECT_EQ(array[Operand::weights].read.value, 4320 / (5 * 1));      // over Q n
  EXPECT_EQ(array[Operand::outputs].write.value, 180 * 2 * (3 - 1));  // Cp (R r - 1) hops
  const auto& rf = counts.levels[3].operands;
  EXPECT_EQ(rf[Operand::weights].read.value, 4320);
  EXPECT_EQ(rf[Operand::inputs].read.value, 4320);
  EXPECT_EQ(rf[Operand::outputs].read.value, 4320);
  EXPECT_EQ(rf[Operand::outputs].write.value, 4320);
  EXPECT_EQ(counts.macs, 4320);
  // 2*2*2*2 passes of n p q S Q = 1*2*2*2*5 = 40 cycles.
  EXPECT_EQ(counts.cycles.value, 640);
  EXPECT_DOUBLE_EQ(counts.utilization, 4320.0 / (640 * 168));
}

TEST(UnitAccessCounts, LevelsStandFromTheOutsideInWithTheNetworkBeforeTheScratchpads) {
  const auto counts = count_accesses(workload_with_density(small_shape(), 1, 1),
                                     mj::read_accelerator("eyeriss"), small_mapping);
  std::vector<std::string> names;
  for (const auto& level : counts.levels) {
    names.push_back(level.level);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"DRAM", "buffer", "array", "RF"}));
}

// Both charges add what comes into each level: the buffer is filled with the raw maps twice, PEs take in what
// is delivered, partial sums go up Cp = 2 times and down once.
TEST(UnitAccessCounts, ChargeBothAddsTheFillsOfEachMove) {
  const auto layer = workload_with_density(small_shape(), 1, 1);
  const auto outer = count_accesses(layer, mj::read_accelerator("eyeriss"), small_mapping);
  const auto both = count_accesses(layer, chip_with("charge: outer", "charge: both"), small_mapping);
  EXPECT_EQ(both.levels[1].operands[Operand::inputs].write.value, 2 * 240);
  const auto& outer_rf = outer.levels[3].operands;
  const auto& both_rf = both.levels[3].operands;
  EXPECT_EQ(both_rf[Operand::weights].write.value, 864);
  EXPECT_EQ(both_rf[Operand::inputs].write.value, 1080);
  EXPECT_EQ(both_rf[Operand::outputs].read.value - outer_rf[Operand::outputs].read.value, 2 * 180);
  EXPECT_EQ(both_rf[Operand::outputs].write.value - outer_rf[Operand::outputs].write.value, 180);
}

// 5-bit runs, three pairs in 64 bits: 4/3 words of 16 bits a non-zero.
TEST(UnitAccessCounts, RunLengthCodeTakesFourThirdsOfAWordForEachNonzero) {
  auto layer = workload_with_density(small_shape(), 1, 0.25);
  layer.weight_pairs = 36;
  const auto chip = count_accesses(layer, mj::read_accelerator("eyeriss"), small_mapping);
  EXPECT_EQ(chip.levels[0].operands[Operand::weights].read.value, 144 * 4);  // raw on the chip
  EXPECT_DOUBLE_EQ(chip.levels[0].operands[Operand::inputs].read.value, 60 * 2 / 3.0 * 4);
  EXPECT_DOUBLE_EQ(chip.levels[0].operands[Operand::outputs].write.value, 45 / 3.0 * 4);
  const auto paper = count_accesses(layer, mj::read_accelerator("eyeriss-cvpr17"), small_mapping);
  EXPECT_DOUBLE_EQ(paper.levels[0].operands[Operand::weights].read.value, 36 / 3.0 * 4 * 4);
}

TEST(UnitAccessCounts, ATensorThatTheCodeWouldEnlargeStaysRawWhereTheAcceleratorSaysSo) {
  const auto layer = workload_with_density(small_shape(), 1, 0.9);
  const auto chip = count_accesses(layer, mj::read_accelerator("eyeriss"), small_mapping);
  EXPECT_DOUBLE_EQ(chip.levels[0].operands[Operand::outputs].write.value, 162 / 3.0 * 4);
  const auto paper = count_accesses(layer, mj::read_accelerator("eyeriss-cvpr17"), small_mapping);
  EXPECT_EQ(paper.levels[0].operands[Operand::outputs].write.value, 180);
}

TEST(UnitAccessCounts, TheNetworksOwnInputStaysRaw) {
  auto layer = workload_with_density(small_shape(), 1, 0.25);
  layer.reads_network_input = true;
  for (const char* name : {"eyeriss", "eyeriss-cvpr17"}) {
    const auto counts = count_accesses(layer, mj::read_accelerator(name), small_mapping);
    EXPECT_EQ(counts.levels[0].operands[Operand::inputs].read.value, 240 * 2) << name;
  }
}

TEST(UnitAccessCounts, TheChipGatesWeightReadsAndMacsOfZeroInputs) {
  const auto layer = workload_with_density(small_shape(), 0.5, 0.25);
  const auto counts = count_accesses(layer, mj::read_accelerator("eyeriss"), small_mapping);
  const auto& rf = counts.levels[3].operands;
  EXPECT_EQ(counts.macs, 1080);
  EXPECT_EQ(rf[Operand::weights].read.value, 1080);
  EXPECT_EQ(rf[Operand::inputs].read.value, 4320);
  EXPECT_EQ(rf[Operand::outputs].read.value, 4320);
  EXPECT_EQ(rf[Operand::outputs].write.value, 4320);
}

TEST(UnitAccessCounts, ThePruningPapersModelSkipsMacsWithAllTheirAccesses) {
  const auto layer = workload_with_density(small_shape(), 0.5, 0.25);
  const auto counts = count_accesses(layer, mj::read_accelerator("eyeriss-cvpr17"), small_mapping);
  const auto& rf = counts.levels[3].operands;
  EXPECT_EQ(counts.macs, 540);
  EXPECT_EQ(rf[Operand::weights].read.value, 540);
  EXPECT_EQ(rf[Operand::inputs].read.value, 540);
  EXPECT_EQ(rf[Operand::outputs].read.value, 540);
  EXPECT_EQ(rf[Operand::outputs].write.value, 540);
}

TEST(UnitAccessCounts, ARuleOnWeightsAloneLeavesMacsOfNonzeroWeights) {
  const auto accelerator =
      chip_with("{ zero: [inputs], saves: [mac, weights] }", "{ zero: weights, saves: mac }");
  const auto layer = workload_with_density(small_shape(), 0.5, 0.25);
  const auto counts = count_accesses(layer, accelerator, small_mapping);
  EXPECT_EQ(counts.macs, 2160);
  EXPECT_EQ(counts.levels[3].operands[Operand::weights].read.value, 4320);
}

// 2160 MACs an image. Of 4 channels the pattern lets 2 stand; of 4 that are 3 and 1, with 2 of 3, 2 and 1.
TEST(UnitAccessCounts, APatternLeavesWhatItLetsStand) {
  auto accelerator = chip_with("{ zero: [inputs], saves: [mac, weights] }", "{ zero: weights, saves: mac }");
  accelerator.weight_pattern = mj::WeightPattern{2, 4};
  auto layer = workload_with_density(small_shape(), 0.5, 0.25);
  const auto macs = [&](int64_t densest) {
    layer.densest_group = densest;
    return count_accesses(layer, accelerator, small_mapping).macs;
  };
  EXPECT_EQ(macs(2), 4320 / 2);
  EXPECT_EQ(macs(3), 4320);
  accelerator.weight_pattern = mj::WeightPattern{2, 3};
  EXPECT_EQ(macs(2), 4320 * 3 / 4);
}

// The input tile is not folded away: words that leave DRAM at 1 a cycle take longer than the 640 cycles.
TEST(UnitAccessCounts, AKnownBandwidthBoundsTheCycles) {
  const auto layer = workload_with_density(small_shape(), 1, 1);
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[0].format = {};
  accelerator.ramp_up_cycles = 0;
  accelerator.levels[0].bandwidth = 0.5;
  const auto counts = count_accesses(layer, accelerator, small_mapping);
  EXPECT_EQ(counts.cycles.value, (576 + 480 + 180) / 0.5);
}

TEST(UnitAccessCounts, EveryPassStartsWithTheRampUp) {
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.ramp_up_cycles = 10;
  const auto counts = count_accesses(workload_with_density(small_shape(), 1, 1), accelerator, small_mapping);
  EXPECT_EQ(counts.cycles.value, 640 + 16 * 10);
}

// A quarter of the MACs have two non-zero operands.
TEST(UnitAccessCounts, SkippedMacsSaveTimeWhereTheHardwareSaysSo) {
  const auto layer = workload_with_density(small_shape(), .5, .5);
  auto accelerator = mj::read_accelerator("eyeriss-cvpr17");
  EXPECT_EQ(count_accesses(layer, accelerator, small_mapping).cycles.value, 640);
  accelerator.zero_rules[0].saves_time = true;
  EXPECT_EQ(count_accesses(layer, accelerator, small_mapping).cycles.value, 160);
}

// 144 weights, half of them zero: a mask of 144 bits and 72 words of 16. 480 input words, half zero: 480 bits
// and 240 words. In compressed columns of 4 + 16 bits: 72 entries and 24 pointers of 16 bits.
TEST(UnitAccessCounts, FormatsScaleWhatTheirLevelMoves) {
  auto layer = workload_with_density(small_shape(), .5, .5);
  layer.weight_column_pairs = 72;
  auto accelerator = mj::read_accelerator("eyeriss-isca16");
  const auto raw = count_accesses(layer, accelerator, small_mapping);
  accelerator.levels[0].format[Operand::weights] = mj::Format::bitmask;
  accelerator.levels[1].format[Operand::weights] = mj::Format::compressed_columns;
  accelerator.levels[1].format[Operand::inputs] = mj::Format::bitmask;
  const auto coded = count_accesses(layer, accelerator, small_mapping);
  const auto share = [&](std::size_t level, Operand operand) {
    return coded.levels[level].operands[operand].read.value / raw.levels[level].operands[operand].read.value;
  };
  EXPECT_DOUBLE_EQ(share(0, Operand::weights), (144.0 / 16 + 72) / 144);
  EXPECT_DOUBLE_EQ(share(1, Operand::weights), (72 * 20.0 / 16 + 24) / 144);
  EXPECT_DOUBLE_EQ(share(1, Operand::inputs), (480.0 / 16 + 240) / 480);
  EXPECT_DOUBLE_EQ(share(0, Operand::inputs), 1);
  EXPECT_EQ(coded.levels[1].operands[Operand::outputs].read.value,
            raw.levels[1].operands[Operand::outputs].read.value);
}

// Of 8 bits, four pairs of 5 + 8 fit in 64 bits, so a pair takes 2 words of 8 bits.
TEST(UnitAccessCounts, ANarrowOperandPacksMorePairs) {
  auto layer = workload_with_density(small_shape(), .5, 1);
  layer.weight_bits = 8;
  const auto counts = count_accesses(layer, mj::read_accelerator("eyeriss-cvpr17"), small_mapping);
  EXPECT_EQ(counts.levels[0].operands[Operand::weights].read.value, 72 * 2 * 4);
}

// A 16 x 16 patch with stride 16: rows of 16 words are cut in two pieces of 8, which count as channels; a
// filter of 16 rows takes two folds on 12 rows of PEs.
TEST(UnitAccessCounts, LongFilterRowsAreCutAndHighFiltersFolded) {
  mj::LayerShape shape;
  shape.k = 4;
  shape.c = 3;
  shape.p = shape.q = 2;
  shape.r = shape.s = 16;
  shape.stride = {16, 16};
  shape.height = shape.width = 32;
  const auto layer = workload_with_density(shape, 1, 1);
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[0].format = {};
  accelerator.ramp_up_cycles = 0;
  const auto counts =
      count_accesses(layer, accelerator, {.m = 4, .n = 1, .e = 1, .p = 4, .q = 1, .r = 1, .t = 1});
  const double macs = 4 * 3 * 2 * 2 * 16 * 16;
  EXPECT_EQ(counts.macs, macs);
  EXPECT_EQ(counts.levels[0].operands[Operand::weights].read.value, 4 * 3 * 16 * 16 * 2);  // Eg = 2
  EXPECT_EQ(counts.levels[0].operands[Operand::inputs].read.value, 3 * 32 * 32);
  // 6 pieces in turn, 2 strips of 16 rows, of which a piece meets (2-1)*16 + 8 = 24 words.
  EXPECT_EQ(counts.levels[1].operands[Operand::inputs].read.value, 6 * 2 * 16 * 24);
  EXPECT_EQ(counts.levels[1].operands[Operand::outputs].read.value, 6 * 16);
  EXPECT_EQ(counts.levels[2].operands[Operand::inputs].read.value, macs / (4 * 8));
  EXPECT_EQ(counts.cycles.value, 6 * 2 * 2 * (4 * 8 * 2));
}

TEST(ErrorsAccessCounts, AnAcceleratorWithoutDataflowIsRefused) {
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.dataflow.clear();
  try {
    count_accesses(workload_with_density(small_shape(), 1, 1), accelerator, small_mapping);
    FAIL();
  } catch (const mj::InputError& error) {
    EXPECT_STREQ(
        error.what(),
        "eyeriss: dataflow: is not given; must be row-stationary, the one that can be mapped so far");
  }
}

// Dense: weight, input, partial sum in and out for each MAC (ISCA 2016: 4 accesses a MAC at the RF).
TEST(PropertyAccessCounts, TheScratchpadsServeFourAccessesAMac) {
  mj::Random random(1);
  const auto eyeriss = mj::read_accelerator("eyeriss");
  for (int i = 0; i < 300; ++i) {
    const auto shape = random_shape(random, 12);
    const auto counts = count_accesses(workload_with_density(shape, 1, 1), eyeriss, {});
    double accesses = 0;
    for (const Operand operand : mj::all_operands) {
      accesses += (counts.levels[3].operands[operand].read + counts.levels[3].operands[operand].write).value;
    }
    EXPECT_EQ(accesses, 4 * static_cast<double>(mac_count(shape)));
  }
}

// Rows that no strip can do without: all that any output row meets.
int64_t rows_met(const mj::LayerShape& shape) {
  const int64_t filter_height = (shape.r - 1) * shape.dilation[0] + 1;
  return std::min(padded_height(shape), shape.p * filter_height);
}

TEST(PropertyAccessCounts, TrafficIsAtLeastCompulsory) {
  mj::Random random(2);
  auto accelerator = mj::read_accelerator("eyeriss");
  accelerator.levels[0].format = {};
  accelerator.ramp_up_cycles = 0;
  const auto array = row_stationary_array(accelerator);
  for (int fitting = 0; fitting < 300;) {
    const auto shape = random_shape(random, 9);
    const mj::RowStationaryMapping mapping{pick(random, 1, shape.k), pick(random, 1, shape.n),
                                           pick(random, 1, shape.p), pick(random, 1, shape.k),
                                           pick(random, 1, shape.c), pick(random, 1, 2),
                                           pick(random, 1, 2)};
    if (misfit(shape, array, mapping)) {
      continue;
    }
    ++fitting;
    const auto counts = count_accesses(workload_with_density(shape, 1, 1), accelerator, mapping);
    const auto real = [](int64_t count) { return static_cast<double>(count); };
    const auto& dram = counts.levels[0].operands;
    EXPECT_GE(dram[Operand::weights].read.value, real(weight_count(shape)));
    EXPECT_GE(dram[Operand::inputs].read.value, real(input_count(shape)));
    EXPECT_EQ(dram[Operand::outputs].write.value, real(output_count(shape)));
    const auto& buffer = counts.levels[1].operands;
    const int64_t row_words = shape.n * shape.groups * shape.c * padded_width(shape);
    const int64_t filter_height = (shape.r - 1) * shape.dilation[0] + 1;
    const int64_t least_rows =
        shape.stride[0] >= filter_height
            ? rows_met(shape)
            : std::min(padded_height(shape), shape.stride[0] * (shape.p - 1) + filter_height);
    EXPECT_GE(buffer[Operand::inputs].read.value, real(row_words * std::min(least_rows, rows_met(shape))));
    EXPECT_GE(buffer[Operand::outputs].write.value, real(output_count(shape)));
    EXPECT_GE(counts.cycles.value * counts.utilization, 0.999 * real(mac_count(shape)) / 168);
    EXPECT_LE(counts.utilization, 1.0);
  }
}

TEST(PropertyAccessCounts, EnergyNeverFallsAsDensityGrows) {
  mj::Random random(3);
  for (const char* name : {"eyeriss", "eyeriss-cvpr17"}) {
    const auto accelerator = mj::read_accelerator(name);
    for (int i = 0; i < 100; ++i) {
      const auto shape = random_shape(random, 12);
      double last = 0;
      for (const double density : {0.0, 0.1, 0.3, 0.7, 0.75, 0.8, 1.0}) {
        const auto layer = workload_with_density(shape, density, density);
        const auto energy = price(count_accesses(layer, accelerator, {}), layer, accelerator, 1);
        EXPECT_GE(energy.total.value, last);
        last = energy.total.value;
      }
    }
  }
}

}  // namespace
