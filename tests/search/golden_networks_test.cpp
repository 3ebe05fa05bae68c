#include <gtest/gtest.h>

#include "golden_figure.h"
#include "search/estimate.h"
#include "search/networks.h"

namespace {

double nonzero_macs(const std::vector<mj::Workload>& layers) {
  double macs = 0;
  for (const mj::Workload& layer : layers) {
    macs += layer.nonzero_macs;
  }
  return macs;
}

/// Energy an image beyond the five units that each non-skipped MAC costs with its four scratchpad accesses.
double remainder(const std::vector<mj::Workload>& layers, double batch) {
  const auto result = estimate(layers, mj::read_accelerator("eyeriss-cvpr17"), static_cast<int64_t>(batch));
  return total_energy(result).value - 5 * nonzero_macs(layers) / batch;
}

// The least of all legal mappings, added up over layers: a separate program that tries each one found
// 1.00438531186e9 and 1.93759353965e9 an image.
TEST(SignatureSearch, AlexnetAndSqueezenetTakeWhatAnEnumerationFound) {
  EXPECT_NEAR(remainder(networks::alexnet(44), 44), 1.00438531186e9, 1);
  EXPECT_NEAR(remainder(networks::squeezenet(48), 48), 1.93759353965e9, 1);
}

// CVPR 2017, Table 1 (recalled): energy 3.97, 7.63 and 5.28e9 at 3.71, 7.41 and 4.51e8 non-skipped MACs,
// batch 44 or 48, 16 bit. The paper's mappings are not known and ours are the best ones, so the model stays
// below it: with the table's own MACs and half-zero activations by a sixth to just over a quarter.
TEST(GoldenNetworks, DenseNetworksStayASixthToAQuarterBelowThePapersTable) {
  struct Published {
    const char* name;
    std::vector<mj::Workload> layers;
    double batch, macs, energy;
  };
  const std::vector<Published> rows{{"AlexNet", networks::alexnet(44), 44, 3.71e8, 3.97e9},
                                    {"GoogLeNet", networks::googlenet(48), 48, 7.41e8, 7.63e9},
                                    {"SqueezeNet v1.0", networks::squeezenet(48), 48, 4.51e8, 5.28e9}};
  for (const Published& row : rows) {
    const double rest = remainder(row.layers, row.batch);
    const double energy = 5 * row.macs + rest;
    EXPECT_GT(energy / row.energy, .71) << row.name;
    EXPECT_LT(energy / row.energy, .86) << row.name;
    const std::string name = row.name;
    record_figure(name + ", dense, half-zero maps, 1e9 MACs beyond 5 for each computed one", rest / 1e9,
                  (row.energy - 5 * row.macs) / 1e9, "CVPR 2017, Table 1 (recalled)");
    record_figure(name + ", dense, half-zero maps, 1e9 MACs", energy / 1e9, row.energy / 1e9,
                  "CVPR 2017, Table 1 (recalled)");
  }
}

// CVPR 2017 (recalled), GoogLeNet: outputs 43 %, inputs 25 %, weights 22 %, compute 10 %.
TEST(GoldenNetworks, GooglenetSpendsMostOnItsFeatureMaps) {
  const auto result = estimate(networks::googlenet(48), mj::read_accelerator("eyeriss-cvpr17"), 48);
  const double total = total_energy(result).value;
  const auto expect_share = [&](const std::string& part, mj::Energy energy, double percent) {
    const double ours = 100 * energy.value / total;
    EXPECT_NEAR(ours, percent, 6) << part;
    record_figure("GoogLeNet, dense, half-zero maps, " + part + ", %", ours, percent, "CVPR 2017 (recalled)");
  };
  expect_share("outputs", operand_energy(result, mj::Operand::outputs), 43);
  expect_share("inputs", operand_energy(result, mj::Operand::inputs), 25);
  expect_share("weights", operand_energy(result, mj::Operand::weights), 22);
  expect_share("compute", compute_energy(result), 10);
}

// At batch 1 each weight of a fully connected layer leaves memory for one MAC: 200 and some a MAC.
TEST(GoldenNetworks, AFullyConnectedLayerAtBatchOneCostsOverTwoHundredAMac) {
  const auto chip = mj::read_accelerator("eyeriss");
  auto layers = networks::alexnet(1);
  const auto result = estimate({layers[5]}, chip, 1);
  const double per_mac = total_energy(result).value / (9216.0 * 4096);
  EXPECT_GT(per_mac, 200);
  EXPECT_LT(per_mac, 215);
}

}  // namespace
