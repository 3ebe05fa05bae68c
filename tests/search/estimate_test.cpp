#include "search/estimate.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "energy/alexnet_chip.h"
#include "search/search_mapping.h"

namespace {

std::vector<mj::Workload> alexnet() {
  std::vector<mj::Workload> layers;
  for (const ChipLayer& row : chip::alexnet()) {
    layers.push_back(row.workload);
  }
  return layers;
}

TEST(UnitEstimate, LayersWithoutAGivenMappingGetTheBestOne) {
  const auto chip = mj::read_accelerator("eyeriss");
  const auto result = estimate(alexnet(), chip, 4);
  EXPECT_EQ(result.accelerator, "eyeriss");
  EXPECT_EQ(result.batch, 4);
  EXPECT_EQ(result.mac_picojoules, 2);
  ASSERT_EQ(result.layers.size(), 5U);
  for (const auto& layer : result.layers) {
    EXPECT_TRUE(layer.mapping_is_optimal);
    EXPECT_EQ(layer.mapping, search_mapping(layer.workload, chip));
  }
  EXPECT_TRUE(result.notes.empty());
}

TEST(UnitEstimate, MappingsAreGivenByNameOrByIndexFromOne) {
  const auto rows = chip::alexnet();
  const mj::MappingFile mappings{
      "map.yaml", "eyeriss", {{"CONV1", rows[0].mapping}, {"3", rows[2].mapping}}, {}};
  const auto result = estimate(alexnet(), mj::read_accelerator("eyeriss"), 4, &mappings);
  EXPECT_EQ(result.layers[0].mapping, rows[0].mapping);
  EXPECT_FALSE(result.layers[0].mapping_is_optimal);
  EXPECT_TRUE(result.layers[1].mapping_is_optimal);
  EXPECT_EQ(result.layers[2].mapping, rows[2].mapping);
  EXPECT_FALSE(result.layers[2].mapping_is_optimal);
}

TEST(UnitEstimate, TotalsAreSumsOverLayersAndPerImage) {
  const auto result = estimate(alexnet(), mj::read_accelerator("eyeriss"), 4);
  double layers = 0;
  for (const auto& layer : result.layers) {
    layers += layer.energy.total.value;
  }
  EXPECT_DOUBLE_EQ(total_energy(result).value, layers);
  double operands = compute_energy(result).value;
  for (const mj::Operand operand : mj::all_operands) {
    operands += operand_energy(result, operand).value;
  }
  EXPECT_NEAR(operands, layers, 1e-9 * layers);
  double levels = 0;
  std::vector<std::string> names;
  for (const auto& [name, energy] : energy_by_level(result)) {
    names.push_back(name);
    levels += energy.value;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"DRAM", "buffer", "array", "RF", "MAC"}));
  EXPECT_NEAR(levels, layers, 1e-9 * layers);
  // The chip gates zero inputs: compute an image is the non-zero MACs over the batch of 4.
  double macs = 0;
  for (const auto& layer : alexnet()) {
    macs += layer.nonzero_input_macs / 4;
  }
  EXPECT_NEAR(compute_energy(result).value, macs, 1e-9 * macs);
}

TEST(UnitEstimate, NotesSayWhatWasAssumed) {
  auto layers = alexnet();
  layers[0].shape.r = layers[0].shape.s = 16;
  const mj::MappingFile mappings{"map.yaml", "other", {}};
  const auto result = estimate(layers, mj::read_accelerator("eyeriss"), 4, &mappings);
  ASSERT_EQ(result.notes.size(), 2U);
  EXPECT_EQ(result.notes[0], "map.yaml was written for accelerator other; its mappings are used on eyeriss");
  EXPECT_EQ(
      result.notes[1],
      "layer CONV1: filter rows of 16 words are longer than a PE's scratchpad and are cut into 2 pieces that "
      "count as channels");
}

std::string message(const std::map<std::string, mj::RowStationaryMapping>& layers) {
  const mj::MappingFile mappings{"map.yaml", "eyeriss", layers};
  try {
    estimate(alexnet(), mj::read_accelerator("eyeriss"), 4, &mappings);
  } catch (const mj::InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ErrorsEstimate, AMappingThatNamesNoLayerIsRefused) {
  EXPECT_EQ(message({{"CONV9", {}}}),
            "map.yaml: layers.CONV9: names no layer; must be a layer's name, or its index from 1 to 5");
  EXPECT_EQ(message({{"0", {}}}),
            "map.yaml: layers.0: names no layer; must be a layer's name, or its index from 1 to 5");
}

TEST(ErrorsEstimate, AMappingThatDoesNotFitIsRefused) {
  EXPECT_EQ(message({{"CONV3", {64, 4, 13, 20, 4, 1, 1}}}),
            "map.yaml: layers.CONV3: does not fit: RF weights: p*q*S = 240 words, has 224; choose smaller "
            "parameters, or leave the layer out to have it mapped");
}

TEST(ErrorsEstimate, ALayerThatIsNamedTwiceIsRefused) {
  EXPECT_EQ(message({{"3", {}}, {"CONV3", {}}}),
            "map.yaml: layers.CONV3: names layer CONV3 again; keep one of them");
}

}  // namespace
