#include "search/map_layers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "energy/nest_accesses.h"

namespace mj {
namespace {

const char* const small_chip = R"(
name: small
mac: { energy: 1 }
levels:
  - { name: DRAM, energy: 200, bandwidth: 4 }
  - { name: buffer, words: 512, energy: 6 }
  - { name: RF, instances: { x: 4, y: 2 }, network: { energy: 2 }, words: 16, energy: 1 }
)";

Accelerator chip(const std::string& text) {
  std::vector<Problem> problems;
  Accelerator accelerator = parse_accelerator(parse_document(text, "small.yaml"), problems);
  throw_problems("small.yaml", problems);
  return accelerator;
}

Workload layer(const std::string& name, int64_t channels) {
  Workload workload;
  workload.name = name;
  LayerShape& shape = workload.shape;
  shape.k = 8;
  shape.c = channels;
  shape.p = shape.q = 6;
  shape.r = shape.s = 3;
  shape.groups = 2;
  shape.height = shape.width = 8;
  const auto macs = static_cast<double>(mac_count(shape));
  workload.nonzero_macs = workload.nonzero_input_macs = workload.nonzero_weight_macs = macs;
  workload.nonzero_weights = static_cast<double>(weight_count(shape));
  return workload;
}

TEST(UnitMapLayers, PricesOfTheCountsAreWhatTheSearchMinimised) {
  const Accelerator accelerator = chip(small_chip);
  for (const Objective objective : {Objective::energy, Objective::latency, Objective::edp}) {
    for (const Counting counting : {Counting::exact, Counting::timeloop}) {
      const Estimate result =
          estimate({layer("a", 4), layer("b", 6)}, accelerator, 1, nullptr, {counting, objective, {}});
      for (const LayerEstimate& each : result.layers) {
        EXPECT_TRUE(each.mapping_is_optimal);
        EXPECT_NEAR(each.nest->value, each.nest->least_value, 1e-9 * each.nest->value) << each.workload.name;
        EXPECT_EQ(each.nest->bound, each.nest->least_value);
      }
    }
  }
}

TEST(UnitMapLayers, AGivenNestIsPricedBesideTheBest) {
  const Accelerator accelerator = chip(small_chip);
  const auto unroll = parse_document("- { level: DRAM, loops: [K 8, C 4, P 6, Q 6, R 3, S 3] }", "map.yaml");
  std::vector<Problem> problems;
  MappingFile mappings{"map.yaml", "small", {}, {{"1", parse_nest(unroll, problems)}}};
  const Estimate result = estimate({layer("a", 4)}, accelerator, 1, &mappings);
  EXPECT_FALSE(result.layers[0].mapping_is_optimal);
  EXPECT_GT(result.layers[0].nest->value, result.layers[0].nest->least_value);
  // Each MAC's weight is read at DRAM, but for those that follow with the same: none, as S is innermost.
  EXPECT_EQ(result.layers[0].counts.levels[0].operands[Operand::weights].read.value,
            static_cast<double>(mac_count(layer("a", 4).shape)));
}

TEST(UnitMapLayers, WhatWasSavedIsReadBackTheSame) {
  const Accelerator accelerator = chip(small_chip);
  const Estimate result = estimate({layer("a", 4)}, accelerator, 1);
  const NamedNest& nest = result.layers[0].nest->nest;
  std::vector<Problem> problems;
  NamedNest read = parse_nest(parse_document(nest_yaml(nest, ""), "map.yaml"), problems);
  read.place = nest.place;
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(read, nest);
}

std::string message(const Accelerator& accelerator, const MappingFile* mappings = nullptr) {
  try {
    estimate({layer("a", 4)}, accelerator, 1, mappings);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ErrorsMapLayers, ALayerThatFitsNowhereNamesTheLevel) {
  Accelerator accelerator = chip(small_chip);
  accelerator.levels[2].words = 2;
  EXPECT_EQ(message(accelerator),
            "small.yaml: layer a: does not fit even in its smallest parts: RF: the smallest tile needs 3 "
            "words, has 2; "
            "take an accelerator with more room");
}

TEST(ErrorsMapLayers, TheSmallestTileHoldsWhatNoLoopFurtherOutMayDivide) {
  Accelerator accelerator = chip(small_chip);
  accelerator.levels[0].temporal = "NPQ";
  accelerator.levels[1].words = 300;
  // K 8, C 4, R 3, S 3 whole: 288 weights, 36 inputs and 8 outputs.
  EXPECT_EQ(
      message(accelerator),
      "small.yaml: layer a: does not fit even in its smallest parts: buffer: the smallest tile needs 332 "
      "words, has 300; take an accelerator with more room");
  accelerator.levels[1].words.reset();
  accelerator.levels[1].words_of = {{100, 100, 100}};
  EXPECT_EQ(
      message(accelerator),
      "small.yaml: layer a: does not fit even in its smallest parts: buffer: the smallest tile needs 288 "
      "words of weights, has 100; take an accelerator with more room");
  // Over four PEs side by side a PE takes a quarter of K; C and the taps stay whole.
  accelerator = chip(small_chip);
  accelerator.levels[0].temporal = accelerator.levels[1].temporal = "NPQ";
  accelerator.levels[2].unroll = {"K", ""};
  EXPECT_EQ(message(accelerator),
            "small.yaml: layer a: does not fit even in its smallest parts: RF: the smallest tile needs 110 "
            "words, has 16; take an accelerator with more room");
}

TEST(ErrorsMapLayers, ANestThatDoesNotFitSaysWhy) {
  const Accelerator accelerator = chip(small_chip);
  const auto refused = [&](const std::string& text) {
    std::vector<Problem> problems;
    const MappingFile mappings{
        "m.yaml", "", {}, {{"a", parse_nest(parse_document(text, "m.yaml"), problems)}}};
    return message(accelerator, &mappings);
  };
  EXPECT_EQ(refused("- { level: DRAM, loops: [K 8] }"),
            "m.yaml: line 1: does not fit: the bounds of C multiply to 1, the layer has 4; change the "
            "bounds, or leave "
            "the layer out to have it mapped");
  EXPECT_EQ(refused("- { level: L2, loops: [K 8] }"),
            "m.yaml: line 1: names level 'L2'; small has, from the outside in, DRAM, buffer, RF");
  EXPECT_EQ(
      refused("- { level: RF, loops: [K 8, C 4, P 6, Q 6, R 3, S 3] }"),
      "m.yaml: line 1: does not fit: buffer: needs 832 words, has 512; change the bounds, or leave the layer "
      "out to have it mapped");
}

TEST(ErrorsMapLayers, ARaggedNestThatDoesNotPartItsDimensionSaysWhy) {
  const Accelerator accelerator = chip(small_chip);
  const auto refused = [&](const std::string& text, Tiling tiling, Counting counting = Counting::exact) {
    std::vector<Problem> problems;
    MappingFile mappings{"m.yaml", "", {}, {{"a", parse_nest(parse_document(text, "m.yaml"), problems)}}};
    mappings.nests.at("a").tiling = tiling;
    EXPECT_TRUE(problems.empty());
    try {
      estimate({layer("a", 4)}, accelerator, 1, &mappings, {.counting = counting, .seconds = 0});
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const std::string ragged =
      "[{ level: DRAM, loops: [K 8, C 4, P 2 of 4, Q 6, R 3] }, { level: buffer, loops: [P 4, S 3] }]";
  EXPECT_EQ(refused(ragged, Tiling::any), "no error");
  EXPECT_EQ(
      refused(ragged, Tiling::divisors),
      "m.yaml: line 1: does not fit: the bounds of P multiply to 8, the layer has 6; change the bounds, or "
      "leave the layer out to have it mapped");
  EXPECT_EQ(refused(ragged, Tiling::any, Counting::timeloop),
            "m.yaml: line 1: has ragged tiles, which Timeloop's rules do not count; count exactly, or give "
            "bounds that divide the layer's");
  EXPECT_EQ(
      refused("[{ level: DRAM, loops: [P 2 of 3] }, { level: buffer, loops: [P 4] }]", Tiling::divisors),
      "m.yaml: line 1: does not fit: P 2 of 3 is a loop of ragged tiles, which only a file with `tiling: "
      "any` may hold; change the bounds, or leave the layer out to have it mapped");
  EXPECT_EQ(refused("[{ level: DRAM, loops: [P 3 of 4] }, { level: buffer, loops: [P 4] }]", Tiling::any),
            "m.yaml: line 1: does not fit: DRAM: P 3 is a loop over 6, which takes 2 steps of 4; change the "
            "bounds, or leave the layer out to have it mapped");
  EXPECT_EQ(refused("[{ level: DRAM, loops: [K 8, C 4, P 2 of 3, Q 6, R 3, S 3] }]", Tiling::any),
            "m.yaml: line 1: does not fit: the loops over P leave tiles of 3 that no loop parts; change the "
            "bounds, or leave the layer out to have it mapped");
}

TEST(UnitMapLayers, ARaggedNestIsPricedBesideTheBestOfItsKindAndReadBackAsItWasSaved) {
  const Accelerator accelerator = chip(small_chip);
  Workload prime = layer("a", 1);
  prime.shape = LayerShape{};
  prime.shape.k = 2;
  prime.shape.p = prime.shape.height = 7;
  prime.nonzero_macs = prime.nonzero_input_macs = prime.nonzero_weight_macs = 14;
  prime.nonzero_weights = 2;
  const NestOptions fastest{.objective = Objective::latency};
  NestOptions any = fastest;
  any.tiling = Tiling::any;
  const Estimate best = estimate({prime}, accelerator, 1, nullptr, any);
  const Estimate of_divisors = estimate({prime}, accelerator, 1, nullptr, fastest);
  EXPECT_TRUE(best.layers[0].mapping_is_optimal);
  EXPECT_LT(best.layers[0].nest->value, of_divisors.layers[0].nest->value);
  MappingFile saved{"m.yaml", "small", {}, {{"a", best.layers[0].nest->nest}}};
  EXPECT_EQ(mapping_file_text(saved).rfind("accelerator: small\ntiling: any\n", 0), 0U);
  std::vector<Problem> problems;
  NamedNest read = parse_nest(parse_document(nest_yaml(best.layers[0].nest->nest, ""), "m.yaml"), problems);
  read.tiling = Tiling::any;
  saved.nests.at("a") = read;
  const Estimate again = estimate({prime}, accelerator, 1, &saved, fastest);
  EXPECT_EQ(again.layers[0].energy.total.value, best.layers[0].energy.total.value);
  EXPECT_NEAR(again.layers[0].nest->value, again.layers[0].nest->least_value,
              1e-9 * again.layers[0].nest->value);
}

TEST(UnitNestText, ARaggedLoopNamesItsStep) {
  std::vector<Problem> problems;
  const NamedNest nest = parse_nest(
      parse_document(
          "[{ level: DRAM, loops: [P 3 of 5], spatial: { x: [P 3 of 2] } }, { level: RF, loops: [P 2] }]",
          "m.yaml"),
      problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(drawn_nest(nest),
            "DRAM | for P in 3 of 5\n"
            "     |   spread P over 3 of 2 x\n"
            "RF   |     for P in 2\n");
  EXPECT_EQ(nest_line(nest), "DRAM P3(5), x P3(2) | RF P2");
  EXPECT_EQ(nest_yaml(nest, ""),
            "- { level: DRAM, loops: [P 3 of 5], spatial: { x: [P 3 of 2], y: [] } }\n"
            "- { level: RF, loops: [P 2] }\n");
  for (const char* wrong : {"P 3 of", "P 3 of 0", "P 3 of x", "P 3 off 2", "P of 2"}) {
    std::vector<Problem> found;
    parse_nest(parse_document(std::string("[{ level: DRAM, loops: [").append(wrong).append("] }]"), "m.yaml"),
               found);
    EXPECT_EQ(found.size(), 1U) << wrong;
  }
}

TEST(UnitNestText, ANestIsDrawnWithALineALoop) {
  NamedNest nest;
  nest.names = {"DRAM", "buffer", "RF"};
  nest.levels = {{{{Dimension::K, 4}, {Dimension::C, 2}}, {}},
                 {{}, {{{{Dimension::K, 12}}, {{Dimension::C, 8}}}}},
                 {{{Dimension::R, 3}}, {}}};
  EXPECT_EQ(drawn_nest(nest),
            "DRAM   | for K in 4\n"
            "       |   for C in 2\n"
            "buffer |     spread K over 12 x\n"
            "       |       spread C over 8 y\n"
            "RF     |         for R in 3\n");
  EXPECT_EQ(nest_line(nest), "DRAM K4 C2 | buffer, x K12, y C8 | RF R3");
}

}  // namespace
}  // namespace mj
