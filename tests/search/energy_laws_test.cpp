#include <gtest/gtest.h>

#include "energy/price.h"
#include "energy/random_layer.h"
#include "search/search_mapping.h"

/// Laws that hold on any accelerator and layer, whatever the mapping: checked on random layers.
namespace {

using mj::Operand;

constexpr int layers = 60;
const std::vector<std::string> accelerators{"eyeriss", "eyeriss-cvpr17", "eyeriss-isca16"};

double energy(const mj::Workload& layer, const mj::Accelerator& accelerator) {
  return price(count_accesses(layer, accelerator, search_mapping(layer, accelerator)), layer, accelerator, 1)
      .total.value;
}

/// Inputs that some MAC of the layer reads, padding included.
double touched_inputs(const mj::LayerShape& s) {
  const auto touched = [](int64_t positions, int64_t taps, int64_t stride, int64_t dilation) {
    std::vector<bool> seen(static_cast<std::size_t>((positions - 1) * stride + (taps - 1) * dilation + 1));
    for (int64_t position = 0; position < positions; ++position) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        seen[static_cast<std::size_t>(position * stride + tap * dilation)] = true;
      }
    }
    return static_cast<double>(std::count(seen.begin(), seen.end(), true));
  };
  return static_cast<double>(s.n * s.groups * s.c) * touched(s.p, s.r, s.stride[0], s.dilation[0]) *
         touched(s.q, s.s, s.stride[1], s.dilation[1]);
}

TEST(PropertyEnergyLaws, EachLevelDeliversAtLeastTheTensorsAndEveryMacGetsItsOperands) {
  mj::Random random(11);
  for (int i = 0; i < layers; ++i) {
    const auto layer = workload_with_density(random_shape(random, 20), 1, 1);
    for (const std::string& name : accelerators) {
      auto accelerator = mj::read_accelerator(name);
      accelerator.levels[0].format = {};
      accelerator.levels[1].format = {};
      const auto counts = count_accesses(layer, accelerator, search_mapping(layer, accelerator));
      const auto macs = static_cast<double>(mac_count(layer.shape));
      const auto weights = static_cast<double>(weight_count(layer.shape));
      const auto outputs = static_cast<double>(output_count(layer.shape));
      const auto read = [&](std::size_t level, Operand operand) {
        return counts.levels[level].operands[operand].read.value;
      };
      EXPECT_GE(read(0, Operand::weights), weights);
      EXPECT_EQ(counts.levels[0].operands[Operand::outputs].write.value, outputs);
      EXPECT_GE(read(2, Operand::weights), weights) << "to the PEs";
      EXPECT_EQ(read(3, Operand::weights), macs);
      EXPECT_EQ(read(3, Operand::inputs), macs);
      EXPECT_EQ(read(3, Operand::outputs), macs);
      EXPECT_EQ(counts.macs, macs);
      // Whoever reads less often than the level inside delivers would make words from nothing.
      EXPECT_LE(read(2, Operand::weights), read(3, Operand::weights));
      EXPECT_LE(read(2, Operand::inputs), read(3, Operand::inputs));
      if (layer.shape.stride == std::array<int64_t, 2>{1, 1}) {
        EXPECT_GE(read(0, Operand::inputs), touched_inputs(layer.shape));
        EXPECT_GE(read(1, Operand::inputs), touched_inputs(layer.shape));
      }
    }
  }
}

TEST(PropertyEnergyLaws, EnergyGrowsWithDensity) {
  mj::Random random(12);
  for (int i = 0; i < layers; ++i) {
    const auto shape = random_shape(random, 20);
    for (const std::string& name : accelerators) {
      const auto accelerator = mj::read_accelerator(name);
      double last = 0;
      for (const double density : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
        const double weights_rise = energy(workload_with_density(shape, density, 0.5), accelerator);
        EXPECT_GE(weights_rise, last * (1 - 1e-12)) << name << " weights " << density;
        last = weights_rise;
      }
      last = 0;
      for (const double density : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
        const double maps_rise = energy(workload_with_density(shape, 0.5, density), accelerator);
        EXPECT_GE(maps_rise, last * (1 - 1e-12)) << name << " activations " << density;
        last = maps_rise;
      }
    }
  }
}

TEST(PropertyEnergyLaws, EnergyGrowsWithBits) {
  mj::Random random(13);
  for (int i = 0; i < layers; ++i) {
    auto layer = workload_with_density(random_shape(random, 20), 0.5, 0.5);
    for (const std::string& name : accelerators) {
      const auto accelerator = mj::read_accelerator(name);
      double last = 0;
      for (const int bits : {1, 4, 8, 16, 32}) {
        layer.weight_bits = bits;
        layer.activation_bits = 8;
        const double now = energy(layer, accelerator);
        EXPECT_GT(now, last);
        last = now;
      }
      layer.activation_bits = 16;
      EXPECT_GT(energy(layer, accelerator), last);
    }
  }
}

TEST(PropertyEnergyLaws, EnergyGrowsWithEveryCost) {
  mj::Random random(14);
  for (int i = 0; i < layers; ++i) {
    const auto layer = workload_with_density(random_shape(random, 20), 0.5, 0.5);
    for (const std::string& name : accelerators) {
      const auto accelerator = mj::read_accelerator(name);
      const double now = energy(layer, accelerator);
      const auto raised = [&](auto raise) {
        mj::Accelerator dearer = accelerator;
        raise(dearer);
        return energy(layer, dearer);
      };
      constexpr double more = 1.5;
      EXPECT_GT(raised([](mj::Accelerator& chip) { chip.mac_energy *= more; }), now);
      EXPECT_GE(raised([](mj::Accelerator& chip) { chip.levels.back().network_energy *= more; }), now);
      for (std::size_t level = 0; level < accelerator.levels.size(); ++level) {
        EXPECT_GE(raised([=](mj::Accelerator& chip) { chip.levels[level].read_energy *= more; }), now);
        EXPECT_GE(raised([=](mj::Accelerator& chip) { chip.levels[level].write_energy *= more; }), now);
      }
    }
  }
}

}  // namespace
