#include <gtest/gtest.h>

#include <array>

#include "energy/access_counts.h"
#include "energy/random_layer.h"
#include "golden_figure.h"
#include "search/search_mapping.h"

namespace {

using mj::Operand;

/// Accesses of one value at DRAM, buffer, array and register file.
using Counts = std::array<double, 4>;

/// ISCA 2016, equation 3: a weight or an input that is used a b c d times.
Counts of_reuse(double a, double b, double c, double d) {
  return {a, a * b, a * b * c, a * b * c * d};
}

/// ISCA 2016, equation 4: a partial sum to which a b c d products are added.
Counts of_accumulation(double a, double b, double c, double d) {
  return {2 * a - 1, 2 * a * (b - 1), a * b * (c - 1), 2 * a * b * c * (d - 1)};
}

// The examples of the paper: 24 = 1*2*3*4 uses, 36 = 2*3*3*2 additions.
TEST(GoldenReuseEquations, GiveThePublishedExamples) {
  EXPECT_EQ(of_reuse(1, 2, 3, 4), (Counts{1, 2, 6, 24}));
  EXPECT_EQ(of_accumulation(2, 3, 3, 2), (Counts{3, 8, 12, 36}));
  record_figure("Reuse of 1 * 2 * 3 * 4, accesses of the RF", of_reuse(1, 2, 3, 4)[3], 24,
                "ISCA 2016, equation 3");
  record_figure("Accumulation of 2 * 3 * 3 * 2, accesses of the RF", of_accumulation(2, 3, 3, 2)[3], 36,
                "ISCA 2016, equation 4");
}

double words(const mj::AccessCounts& counts, std::size_t level, Operand operand) {
  const mj::Accesses& accesses = counts.levels[level].operands[operand];
  return (accesses.read + accesses.write).value;
}

// What the counts imply of a, b, c and d must be what the mapping says, and the rest follows. Partial sums:
// the register file is charged two accesses a MAC, the first addition included.
TEST(GoldenReuseEquations, CountsOnTheIsca2016ConfigurationAreThoseOfEquations3And4) {
  mj::Random random(5);
  const auto chip = mj::read_accelerator("eyeriss-isca16");
  double all_macs = 0;
  double register_files = 0;
  for (int i = 0; i < 200; ++i) {
    const auto layer = workload_with_density(random_shape(random, 20), 1, 1);
    const mj::LayerShape& s = layer.shape;
    const auto mapping = search_mapping(layer, chip);
    const auto counts = count_accesses(layer, chip, mapping);
    const auto macs = static_cast<double>(mac_count(s));
    const auto round_up = [](int64_t x, int64_t y) { return static_cast<double>((x + y - 1) / y); };

    const auto weights = static_cast<double>(weight_count(s));
    const double a = round_up(s.n, mapping.n) * round_up(s.p, mapping.e);
    const double d = static_cast<double>(s.q * mapping.n);
    const Counts weight = of_reuse(a, 1, macs / weights / a / d, d);

    const auto outputs = static_cast<double>(output_count(s));
    const double rounds = round_up(s.c, mapping.q * mapping.r);
    const Counts psum = of_accumulation(1, rounds, static_cast<double>(s.r * mapping.r), 1);
    for (std::size_t level = 0; level < 4; ++level) {
      EXPECT_NEAR(words(counts, level, Operand::weights), weights * weight.at(level), 1e-9 * macs);
      if (level < 3) {
        EXPECT_DOUBLE_EQ(words(counts, level, Operand::outputs), outputs * psum.at(level));
      }
    }
    const double innermost = words(counts, 3, Operand::weights) + words(counts, 3, Operand::inputs) +
                             words(counts, 3, Operand::outputs);
    EXPECT_EQ(innermost, 4 * macs);
    all_macs += macs;
    register_files += innermost;
  }
  record_figure("RF accesses a MAC, 200 random layers", register_files / all_macs, 4, "ISCA 2016");
}

}  // namespace
