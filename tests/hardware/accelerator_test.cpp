#include "hardware/accelerator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "temporary_folder.h"

namespace {

using mj::Format;
using mj::Operand;
using testing::ElementsAre;
using testing::IsSupersetOf;

mj::Accelerator parse(const std::string& text) {
  std::vector<mj::Problem> problems;
  auto accelerator = parse_accelerator(mj::parse_document(text, "chip.yaml"), problems);
  mj::throw_problems("chip.yaml", problems);
  return accelerator;
}

TEST(UnitPresets, TheEyerissesAreBuiltIn) {
  EXPECT_THAT(mj::preset_names(), IsSupersetOf({"eyeriss", "eyeriss-cvpr17", "eyeriss-isca16"}));
}

// JSSC 2017, sections IV and V; ISCA 2016, Table IV.
TEST(UnitPresets, EyerissHasTheNumbersOfItsPublications) {
  const auto chip = mj::read_accelerator("eyeriss");
  EXPECT_EQ(chip.name, "eyeriss");
  EXPECT_FALSE(chip.sources.empty());
  EXPECT_FALSE(chip.open_parameters.empty());
  EXPECT_EQ(chip.word_bits, 16);
  EXPECT_EQ(chip.clock_mhz, 200);
  EXPECT_EQ(chip.mac_energy, 1);
  EXPECT_EQ(chip.mac_picojoules, 2);
  EXPECT_EQ(chip.dataflow, "row-stationary");
  EXPECT_TRUE(chip.charge_outer_only);
  ASSERT_EQ(chip.levels.size(), 3U);
  const auto& [dram, buffer, rf] = std::tie(chip.levels[0], chip.levels[1], chip.levels[2]);
  EXPECT_EQ(dram.name, "DRAM");
  EXPECT_EQ(dram.read_energy, 200);
  EXPECT_EQ(dram.write_energy, 200);
  EXPECT_FALSE(dram.words.has_value());
  EXPECT_THAT(dram.format.values, ElementsAre(Format::raw, Format::run_length, Format::run_length));
  EXPECT_TRUE(dram.first_input_raw);
  EXPECT_FALSE(dram.smaller_of_raw_and_coded);
  EXPECT_EQ(buffer.name, "buffer");
  EXPECT_EQ(buffer.read_energy, 6);
  EXPECT_EQ(buffer.words, 51200);
  EXPECT_THAT(buffer.holds.values, ElementsAre(false, true, true));
  EXPECT_EQ(rf.name, "RF");
  EXPECT_EQ(rf.read_energy, 1);
  EXPECT_EQ(rf.network_energy, 2);
  EXPECT_THAT(rf.instances, ElementsAre(14, 12));
  EXPECT_THAT(rf.words_of.values, ElementsAre(224, 12, 24));
  EXPECT_EQ(chip.run_length.run_bits, 5);
  EXPECT_EQ(chip.run_length.pairs, 3);
  EXPECT_EQ(chip.run_length.packed_bits, 64);
  ASSERT_EQ(chip.zero_rules.size(), 1U);
  EXPECT_THAT(chip.zero_rules[0].zero.values, ElementsAre(false, true, false));
  EXPECT_TRUE(chip.zero_rules[0].saves_mac);
  EXPECT_THAT(chip.zero_rules[0].saves_access.values, ElementsAre(true, false, false));
}

TEST(UnitPresets, ThePruningPapersModelDiffersInCodingAndSkippingOnly) {
  const auto chip = mj::read_accelerator("eyeriss");
  const auto paper = mj::read_accelerator("eyeriss-cvpr17");
  const auto& memory = paper.levels[0];
  EXPECT_THAT(memory.format.values, ElementsAre(Format::run_length, Format::run_length, Format::run_length));
  EXPECT_TRUE(memory.smaller_of_raw_and_coded);
  EXPECT_TRUE(memory.first_input_raw);
  ASSERT_EQ(paper.zero_rules.size(), 1U);
  EXPECT_THAT(paper.zero_rules[0].zero.values, ElementsAre(true, true, false));
  EXPECT_TRUE(paper.zero_rules[0].saves_mac);
  EXPECT_THAT(paper.zero_rules[0].saves_access.values, ElementsAre(true, true, true));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(paper.levels[i].read_energy, chip.levels[i].read_energy);
    EXPECT_EQ(paper.levels[i].words, chip.levels[i].words);
    EXPECT_EQ(paper.levels[i].words_of.values, chip.levels[i].words_of.values);
    EXPECT_EQ(paper.levels[i].instances, chip.levels[i].instances);
  }
}

const std::string full_example = R"(
name: example
sources: ["where each number comes from"]
word_bits: 16
clock_mhz: 200
mac: { energy: 1, pj: 2.0 }
levels:
  - { name: DRAM, energy: { read: 200, write: 220 }, bandwidth: 4 }
  - { name: buffer, words: 51200, holds: [inputs, outputs], energy: 6 }
  - name: RF
    instances: { x: 14, y: 12 }
    unroll: { x: [K, Q], y: [C, R, S] }
    one_axis: true
    network: { energy: 2, multicast: false, reduction: true }
    words: { weights: 224, inputs: 12, outputs: 24 }
    energy: 1
charge: both
)";

TEST(UnitAccelerator, EveryFieldIsRead) {
  const auto chip = parse(full_example);
  EXPECT_THAT(chip.sources, ElementsAre("where each number comes from"));
  EXPECT_EQ(chip.levels[0].read_energy, 200);
  EXPECT_EQ(chip.levels[0].write_energy, 220);
  EXPECT_EQ(chip.levels[0].bandwidth, 4);
  EXPECT_FALSE(chip.levels[1].bandwidth.has_value());
  EXPECT_THAT(chip.levels[2].unroll, ElementsAre("KQ", "CRS"));
  EXPECT_TRUE(chip.levels[2].one_axis);
  EXPECT_FALSE(chip.levels[2].multicast);
  EXPECT_TRUE(chip.levels[2].reduction);
  EXPECT_FALSE(chip.charge_outer_only);
  EXPECT_EQ(chip.dataflow, "");
}

TEST(UnitAccelerator, WhatIsLeftOutHasItsDefault) {
  const auto chip = parse("{ name: tiny, mac: { energy: 1 }, levels: [ { name: DRAM, energy: 200 } ] }");
  EXPECT_EQ(chip.word_bits, 16);
  EXPECT_FALSE(chip.clock_mhz.has_value());
  EXPECT_FALSE(chip.mac_picojoules.has_value());
  EXPECT_FALSE(chip.charge_outer_only);
  EXPECT_THAT(chip.levels[0].holds.values, ElementsAre(true, true, true));
  EXPECT_THAT(chip.levels[0].instances, ElementsAre(1, 1));
  EXPECT_THAT(chip.levels[0].unroll, ElementsAre("NKCPQRS", "NKCPQRS"));
  EXPECT_FALSE(chip.levels[0].one_axis);
  EXPECT_EQ(chip.levels[0].network_energy, 0);
  EXPECT_TRUE(chip.zero_rules.empty());
}

TEST(UnitAccelerator, CostsAreNamedByATechnology) {
  const auto chip = parse(
      "{ name: c, technology: nn-dataflow-65nm, mac: { energy: mac, pj: mac },"
      "  levels: [ { name: DRAM, energy: { read: dram, write: 7 } }, { name: L, words: 9, energy: buffer } ] "
      "}");
  EXPECT_EQ(chip.mac_energy, 1);  // 2 pJ of a MAC of 2 pJ
  EXPECT_EQ(chip.mac_picojoules, 2);
  EXPECT_EQ(chip.levels[0].read_energy, 230);
  EXPECT_EQ(chip.levels[0].write_energy, 7);
  EXPECT_EQ(chip.levels[1].read_energy, 7.5);
}

TEST(UnitAccelerator, AFileIsReadLikeAPreset) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "mine.yaml";
  mj::write_file_atomically(file, mj::preset_text("eyeriss"));
  EXPECT_EQ(mj::read_accelerator(file.string()).levels[1].words, 51200);
}

// 7 channels: 2 of the first four, 2 of the last three; of 5 the last one stays too.
TEST(UnitWeightPattern, ASmallerLastGroupHasTheSameLimit) {
  const mj::WeightPattern pattern{2, 4};
  EXPECT_EQ(pattern.most_of(7), 4);
  EXPECT_EQ(pattern.most_of(5), 3);
  EXPECT_EQ(pattern.most_of(4), 2);
}

}  // namespace
