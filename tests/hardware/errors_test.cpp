#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "hardware/accelerator.h"

namespace {

/// The message for a faulty accelerator's text; "no error" for a good one.
std::string message(const std::string& text) {
  try {
    std::vector<mj::Problem> problems;
    parse_accelerator(mj::parse_document(text, "chip.yaml"), problems);
    mj::throw_problems("chip.yaml", problems);
  } catch (const mj::InputError& error) {
    return error.what();
  }
  return "no error";
}

/// A good accelerator of three levels, with `old_text` replaced.
std::string edited(const std::string& old_text, const std::string& new_text) {
  std::string text =
      "name: example\n"
      "mac: { energy: 1 }\n"
      "levels:\n"
      "  - { name: DRAM, energy: 200 }\n"
      "  - { name: buffer, words: 512, holds: [inputs, outputs], energy: 6 }\n"
      "  - { name: RF, instances: { x: 4, y: 3 }, words: { weights: 9, inputs: 3, outputs: 2 }, energy: 1 }\n"
      "charge: outer\n"
      "dataflow: row-stationary\n";
  const auto at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return text.replace(at, old_text.size(), new_text);
}

TEST(UnitAccelerator, TheExampleOfTheseTestsIsGood) {
  EXPECT_EQ(message(edited("x: 4", "x: 4")), "no error");
}

TEST(ErrorsAccelerator, EveryProblemIsNamedAtOnce) {
  EXPECT_EQ(
      message("name: example\n"
              "mac: { energy: -1 }\n"
              "word_bits: 0\n"
              "colour: red\n"
              "levels:\n"
              "  - { name: DRAM, energy: cheap }\n"
              "  - { name: DRAM, words: 0, energy: .inf }\n"),
      "chip.yaml: line 3: word_bits: is 0; must be a whole number from 1 to 64\n"
      "chip.yaml: line 2: mac.energy: is -1; must be a number from 0 to 1e+12 (a cost's name needs a "
      "`technology`)\n"
      "chip.yaml: line 6: levels[0].energy: is cheap; must be a number from 0 to 1e+12 (a cost's name needs "
      "a "
      "`technology`)\n"
      "chip.yaml: line 7: levels[1].words: is 0; must be a number of words of at least 1\n"
      "chip.yaml: line 7: levels[1].energy: is .inf; must be a number from 0 to 1e+12 (a cost's name needs a "
      "`technology`)\n"
      "chip.yaml: line 7: levels[1].name: is DRAM again; must differ from the other levels' names\n"
      "chip.yaml: line 4: colour: is unknown; known here: buffered_psums, charge, clock_mhz, "
      "compressed_columns, dataflow, levels, mac, name, "
      "open_parameters, ramp_up_cycles, resident_inputs, run_length, sources, static_power, technology, "
      "weight_pattern, word_bits, zero_rules");
}

TEST(ErrorsAccelerator, MissingFieldsAreNamed) {
  EXPECT_EQ(message("{ charge: outer }"),
            "chip.yaml: line 1: has no 'name'; add it\n"
            "chip.yaml: line 1: has no 'mac'; add it\n"
            "chip.yaml: line 1: has no 'levels'; add it");
  EXPECT_EQ(message(edited("energy: 200", "bandwidth: 4")),
            "chip.yaml: line 4: levels[0]: has no 'energy'; add it");
  EXPECT_EQ(message(edited("name: RF, ", "")), "chip.yaml: line 6: levels[2]: has no 'name'; add it");
}

TEST(ErrorsAccelerator, ThereMustBeLevels) {
  EXPECT_EQ(message("{ name: a, mac: { energy: 1 }, levels: [] }"),
            "chip.yaml: line 1: levels: is empty; must list at least one level, from the outside in");
  EXPECT_EQ(message("{ name: a, mac: { energy: 1 }, levels: 3 }"),
            "chip.yaml: line 1: levels: is 3; must list at least one level, from the outside in");
  EXPECT_EQ(message("{ name: a, mac: { energy: 1 }, levels: [3] }"),
            "chip.yaml: line 1: levels[0]: is 3; must be a map of `key: value`");
}

// A default that does not suit, words too few for one MAC, and values of the wrong kind.
TEST(ErrorsAccelerator, WhatWouldDivideByNothingOrMisleadIsRefused) {
  const auto chip = [](const std::string& old_text, const std::string& new_text) {
    std::string text = mj::preset_text("eyeriss-isca16");
    text.replace(text.find(old_text), old_text.size(), new_text);
    const std::string all = message(text);
    return all.substr(all.find("levels") == std::string::npos ? 0 : all.find("levels"));
  };
  EXPECT_EQ(chip("words: 256 ", "words: 2 "),
            "levels[2].words: is 2; must be at least 3, for a filter's, an input's and an output's word");
  EXPECT_EQ(chip("energy: dram ", "energy: 1e300 "),
            "levels[0].energy: is 1e300; must be a number from 0 to 1e+12 or a cost of eyeriss-65nm: array, "
            "buffer, dram, mac, rf");
  EXPECT_EQ(
      message("{ name: a, word_bits: 32, mac: { energy: 1 }, levels: [ { name: D, energy: 1, "
              "format: { inputs: run-length } } ] }"),
      "chip.yaml: line 1: has no 'run_length' for words of 32 bits; add it, as its defaults are for 16 bits");
  EXPECT_EQ(
      message("{ name: a, mac: { energy: 1 }, charge: [outer], resident_inputs: [], levels: [ { name: D, "
              "energy: 1, holds: } ] }"),
      "chip.yaml: line 1: levels[0].holds: is empty; must be a list\n"
      "chip.yaml: line 1: levels[0].holds: lacks an operand; must be [weights, inputs, outputs] at the "
      "first level\n"
      "chip.yaml: line 1: charge: is a list; must be both or outer\n"
      "chip.yaml: line 1: resident_inputs: is a list; must be true or false");
}

TEST(ErrorsAccelerator, TheOutermostLevelHoldsEverything) {
  EXPECT_EQ(message(edited("DRAM, energy", "DRAM, words: 100, energy")),
            "chip.yaml: line 4: levels[0].words: limits the outermost level; remove it: the first level is "
            "the memory "
            "that holds everything");
  EXPECT_EQ(
      message(edited("DRAM, energy", "DRAM, holds: weights, energy")),
      "chip.yaml: line 4: levels[0].holds: lacks an operand; must be [weights, inputs, outputs] at the first "
      "level");
}

TEST(ErrorsAccelerator, AWeightPatternKeepsFewerThanAll) {
  for (const char* pattern : {"2-4", "4:4", "0:4", "2:", ":4", "2:65", "2:4x"}) {
    EXPECT_THAT(
        message(std::string("name: example\nmac: { energy: 1 }\nlevels: [{ name: DRAM, energy: 1 }]\n") +
                "weight_pattern: \"" + pattern + "\"\n"),
        testing::HasSubstr("must be KEPT:GROUP as in 2:4, 1 to GROUP - 1 of up to 64 weights"))
        << pattern;
  }
}

TEST(ErrorsAccelerator, UnknownNamesAreRefused) {
  EXPECT_EQ(message(edited("[inputs, outputs]", "[inputs, psums]")),
            "chip.yaml: line 5: levels[1].holds[1]: is 'psums'; must be weights, inputs or outputs");
  EXPECT_EQ(message(edited("energy: 200", "energy: 200, format: { inputs: zip }")),
            "chip.yaml: line 4: levels[0].format.inputs: is 'zip'; must be raw, run-length, bitmask or "
            "compressed-columns");
  EXPECT_EQ(message(edited("charge: outer", "charge: inner")),
            "chip.yaml: line 7: charge: is 'inner'; must be both or outer");
  EXPECT_EQ(message(edited("dataflow: row-stationary", "dataflow: systolic")),
            "chip.yaml: line 8: dataflow: is 'systolic'; must be row-stationary");
  EXPECT_EQ(message(edited("charge: outer", "technology: paper")),
            "chip.yaml: line 7: technology: is 'paper'; must be one of eyeriss-65nm, horowitz-45nm, "
            "nn-dataflow-65nm");
  EXPECT_EQ(message(edited("name: RF", "name: array")),
            "chip.yaml: line 6: levels[2].name: is array; is taken: results name the network `array` and "
            "arithmetic "
            "`MAC`");
}

TEST(ErrorsAccelerator, UnknownCostsAreRefusedWithThoseThatThereAre) {
  EXPECT_EQ(
      message(
          "{ name: a, technology: eyeriss-65nm, mac: { energy: 1 }, levels: [ { name: D, energy: sram } ] }"),
      "chip.yaml: line 1: levels[0].energy: is sram; must be a number from 0 to 1e+12 or a cost of "
      "eyeriss-65nm: "
      "array, buffer, dram, mac, rf");
  EXPECT_EQ(
      message("{ name: a, technology: eyeriss-65nm, mac: { energy: 1, pj: rf }, levels: [ { name: D, energy: "
              "1 } ] }"),
      "chip.yaml: line 1: mac.pj: is rf; must be a positive number of picojoules or a cost of eyeriss-65nm: "
      "array, buffer, dram, mac, rf");
  EXPECT_EQ(message("{ name: a, technology: nn-dataflow-65nm, mac: { energy: 1 }, levels: [ { name: D, "
                    "energy: dram } ] }"),
            "chip.yaml: line 1: levels[0].energy: is 460 pJ; needs `pj` in `mac`, to be expressed in MACs");
}

TEST(ErrorsAccelerator, InstancesAndDimensionsAreChecked) {
  EXPECT_EQ(message(edited("x: 4", "x: 0")),
            "chip.yaml: line 6: levels[2].instances.x: is 0; must be a whole number from 1 to 65536");
  EXPECT_EQ(message(edited("x: 4, y: 3", "x: 4, z: 3")),
            "chip.yaml: line 6: levels[2].instances.z: is unknown; known here: x, y");
  EXPECT_EQ(message(edited("name: RF", "name: RF, unroll: { x: [K, M], y: [C, C] }")),
            "chip.yaml: line 6: levels[2].unroll.x[1]: is 'M'; must be one of the dimensions N, K, C, P, Q, "
            "R, S, as in [K, C]\n"
            "chip.yaml: line 6: levels[2].unroll.y[1]: is 'C' again; name a dimension once");
  EXPECT_EQ(message(edited("name: RF", "name: RF, one_axis: perhaps")),
            "chip.yaml: line 6: levels[2].one_axis: is perhaps; must be true or false");
  EXPECT_EQ(message(edited("name: RF", "name: RF, network: { multicast: true }")),
            "chip.yaml: line 6: levels[2].network: has no 'energy'; add it");
}

TEST(ErrorsAccelerator, CapacitiesOfOperandsMatchWhatIsHeld) {
  EXPECT_EQ(message(edited("weights: 9, ", "")),
            "chip.yaml: line 6: levels[2].words: has no 'weights'; add it");
  EXPECT_EQ(message(edited("words: 512", "words: { weights: 1, inputs: 4, outputs: nan }, bandwidth: 0")),
            "chip.yaml: line 5: levels[1].words.weights: is given for an operand that the level does not "
            "hold; remove "
            "it, or add the operand to `holds`\n"
            "chip.yaml: line 5: levels[1].words.outputs: is nan; must be a number of words of at least 1\n"
            "chip.yaml: line 5: levels[1].bandwidth: is 0; must be a number of at least 1e-06");
}

TEST(ErrorsAccelerator, ZeroRulesAndTheCodeAreChecked) {
  EXPECT_EQ(
      message(edited("charge: outer", "zero_rules: [ { zero: [outputs], saves: [tea] } ]")),
      "chip.yaml: line 7: zero_rules[0].zero[0]: is 'outputs'; must be weights or inputs, the operands "
      "of a MAC\n"
      "chip.yaml: line 7: zero_rules[0].saves[0]: is 'tea'; must be mac, time, weights, inputs or outputs");
  EXPECT_EQ(message(edited("charge: outer", "run_length: { run_bits: 6 }")),
            "chip.yaml: line 7: run_length.packed_bits: is 64; 3 pairs of 6 + 16 bits need at least 66");
  EXPECT_EQ(message(edited("words: 512", "words: 512, format: { outputs: bitmask }")),
            "chip.yaml: line 5: levels[1].format: codes partial sums; outputs can be coded at the first "
            "level only, "
            "where they are complete");
  EXPECT_EQ(
      message(edited("charge: outer", "charge: both\nbuffered_psums: returning")),
      "chip.yaml: line 8: buffered_psums: is returning; needs `charge: outer`, as the equations behind it "
      "have");
}

TEST(ErrorsAccelerator, RowStationaryNeedsMemoryBufferAndPes) {
  EXPECT_EQ(
      message(
          "{ name: a, mac: { energy: 1 }, levels: [ { name: D, energy: 1 } ], dataflow: row-stationary }"),
      "chip.yaml: levels: has 1 entries; row stationary needs three: memory, buffer, PEs");
  EXPECT_EQ(message(edited("words: 512", "instances: { x: 2 }, network: { energy: 1 }")),
            "chip.yaml: line 5: levels[1].words: is not one number; must be the number of words that its "
            "operands share\n"
            "chip.yaml: line 5: levels[1].instances: is more than one; a row-stationary chip has one buffer; "
            "give `instances` to the PEs\n"
            "chip.yaml: line 5: levels[1].network: has a cost that row stationary does not count; give "
            "`network` to the PEs");
  EXPECT_EQ(
      message(edited("words: { weights: 9, inputs: 3, outputs: 2 }", "holds: [inputs, outputs], words: 14")),
      "chip.yaml: line 6: levels[2].holds: lacks weights; must be [weights, inputs, outputs]");
  EXPECT_EQ(
      message(edited(", words: { weights: 9, inputs: 3, outputs: 2 }", "")),
      "chip.yaml: line 6: levels[2].words: does not say what a PE's scratchpads hold; must be { weights: "
      "..., inputs: ..., outputs: ... }, or one number shared by the three");
}

std::string read_message(const std::string& name) {
  try {
    mj::read_accelerator(name);
  } catch (const mj::InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ErrorsAccelerator, AnUnknownNameListsThePresets) {
  EXPECT_EQ(read_message("eyriss"),
            "eyriss: is neither a built-in accelerator nor a file; name one of eyeriss, eyeriss-cvpr17, "
            "eyeriss-isca16, microcontroller, nvdla, phone-npu, shidiannao, simba, tpu-v1, or a YAML file");
  EXPECT_EQ(read_message("./no/such.yaml"), "./no/such.yaml: does not exist; name an existing file");
  EXPECT_THROW(mj::preset_text("chip"), mj::InputError);
}

// Random cuts and changed bytes of a good file are read, or refused with a message; nothing else.
TEST(PropertyAccelerator, DamagedFilesNeverDoHarm) {
  mj::Random random(3);
  const std::string good = mj::preset_text("eyeriss");
  for (int i = 0; i < 300; ++i) {
    std::string text = i % 2 == 0 ? good : good.substr(0, random.below(good.size()));
    for (std::size_t k = random.below(6); k > 0 && !text.empty(); --k) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    EXPECT_FALSE(message(text).empty());
  }
}

}  // namespace
