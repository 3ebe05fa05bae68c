#include "search/search_mapping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "energy/alexnet_chip.h"
#include "energy/price.h"
#include "energy/random_layer.h"

namespace {

using mj::RowStationaryMapping;

int64_t rounds(int64_t extent, int64_t part) {
  return (extent + part - 1) / part;
}

/// What the mapping decides of a layer's energy, written out from the closed form (docs/model.md): only costs
/// and limits come from the accelerator. Weights and maps are raw, so that words are whole.
struct PlainEnergy {
  mj::LayerShape s;
  double dram, buffer, network;
  bool isca = false;  ///< filters in the buffer, resident inputs, partial sums that return (eyeriss-isca16)

  double operator()(const RowStationaryMapping& map) const {
    const auto& [m, n, e, p, q, r, t] = map;
    const int64_t height = s.height + s.pads[0] + s.pads[2];
    const int64_t width = s.width + s.pads[1] + s.pads[3];
    const int64_t strip = std::min(height, s.stride[0] * (e - 1) + (s.r - 1) * s.dilation[0] + 1);
    const int64_t cp = rounds(s.c, q * r);
    const int64_t mg = s.groups * rounds(s.k, p * t);
    const int64_t ng = rounds(s.n, n);
    const int64_t eg = rounds(s.p, e);
    const int64_t outputs = s.n * s.groups * s.k * s.p * s.q;
    const double macs = static_cast<double>(outputs * s.c * s.r * s.s);
    const int64_t weights_read = s.groups * s.k * s.c * s.r * s.s * ng * eg;
    const int64_t input_passes = isca && cp == 1 ? 1 : rounds(s.k, m);
    const auto memory =
        static_cast<double>(weights_read + s.n * s.groups * s.c * height * width * input_passes);
    const auto buffered = static_cast<double>(cp * mg * ng * eg * n * q * r * strip * width +
                                              2 * (isca ? cp - 1 : cp) * outputs + (isca ? weights_read : 0));
    const double delivered = macs / static_cast<double>(p * s.s) + macs / static_cast<double>(s.q * n) +
                             static_cast<double>(outputs * cp * (s.r * r - 1));
    return dram * memory + buffer * buffered + network * delivered;
  }
};

/// Calls visit for every legal mapping of a layer, in the order of the tie-break; the limits are those of
/// docs/model.md, written out again.
template <class Visit>
void for_each_legal(const mj::LayerShape& s, const mj::RowStationaryArray& array, Visit visit) {
  const int64_t height = s.height + s.pads[0] + s.pads[2];
  const int64_t width = s.width + s.pads[1] + s.pads[3];
  for (int64_t m = 1; m <= s.k; ++m) {
    for (int64_t n = 1; n <= s.n; ++n) {
      for (int64_t e = 1; e <= s.p; ++e) {
        const int64_t strip = std::min(height, s.stride[0] * (e - 1) + (s.r - 1) * s.dilation[0] + 1);
        const int64_t high = s.r > array.rows ? 1 : array.rows / s.r;
        const int64_t sets =
            e <= array.columns ? high * (array.columns / e) : high / rounds(e, array.columns);
        for (int64_t p = 1; p <= s.k && static_cast<double>(p) <= array.psum_words; ++p) {
          for (int64_t q = 1; q <= s.c; ++q) {
            for (int64_t r = 1; r <= rounds(s.c, q); ++r) {
              for (int64_t t = 1; t <= rounds(s.k, p) && r * t <= sets; ++t) {
                const int64_t in_pe = p * q * s.s + q * s.s + p;
                const int64_t filters = array.buffer_holds_filters ? p * t * q * r * s.r * s.s : 0;
                const int64_t in_buffer = n * q * r * strip * width + n * m * e * s.q + filters;
                if (static_cast<double>(p * q * s.s) <= array.filter_words &&
                    static_cast<double>(q * s.s) <= array.input_words &&
                    (!array.shared_words || static_cast<double>(in_pe) <= *array.shared_words) &&
                    static_cast<double>(in_buffer) <= array.buffer_words) {
                  visit(RowStationaryMapping{m, n, e, p, q, r, t});
                }
              }
            }
          }
        }
      }
    }
  }
}

struct Optimum {
  std::optional<RowStationaryMapping> mapping;
  double energy = std::numeric_limits<double>::infinity();
};

Optimum brute_force(const PlainEnergy& energy, const mj::RowStationaryArray& array) {
  Optimum best;
  for_each_legal(energy.s, array, [&](const RowStationaryMapping& mapping) {
    const double candidate = energy(mapping);
    if (candidate < best.energy * (1 - 1e-12)) {
      best = {mapping, candidate};
    }
  });
  return best;
}

/// A small chip whose limits bite, with costs that are sometimes zero.
mj::Accelerator random_chip(mj::Random& random) {
  const bool isca = random.below(2) == 1;
  auto chip = mj::read_accelerator(isca ? "eyeriss-isca16" : "eyeriss");
  chip.levels[0].format = {};
  mj::Level& dram = chip.levels[0];
  mj::Level& buffer = chip.levels[1];
  mj::Level& pe = chip.levels[2];
  const auto cost = [&](int64_t most) { return static_cast<double>(pick(random, -most / 4, most)); };
  dram.read_energy = std::max(0.0, cost(200));
  buffer.read_energy = buffer.write_energy = std::max(0.0, cost(20));
  pe.network_energy = std::max(0.0, cost(12));
  buffer.words = static_cast<double>(pick(random, 40, 600));
  pe.instances = {pick(random, 1, 6), pick(random, 1, 6)};
  if (isca) {
    pe.words = static_cast<double>(pick(random, 9, 50));
  } else {
    pe.words_of = {{static_cast<double>(pick(random, 4, 40)), static_cast<double>(pick(random, 4, 12)),
                    static_cast<double>(pick(random, 1, 6))}};
  }
  return chip;
}

TEST(PropertySearch, FindsTheOptimumOfABruteForceOverAllSevenParameters) {
  mj::Random random(20);
  int fitting = 0;
  for (int i = 0; i < 400; ++i) {
    const auto chip = random_chip(random);
    const auto array = row_stationary_array(chip);
    const auto layer = workload_with_density(random_shape(random, 6), 1, 1);
    const PlainEnergy plain{layer.shape, chip.levels[0].read_energy, chip.levels[1].read_energy,
                            chip.levels[2].network_energy, chip.psums_return_only};
    const Optimum best = brute_force(plain, array);
    if (!best.mapping) {
      EXPECT_THROW(search_mapping(layer, chip), mj::InputError);
      continue;
    }
    ++fitting;
    const auto found = search_mapping(layer, chip);
    EXPECT_EQ(misfit(layer.shape, array, found), std::nullopt);
    EXPECT_NEAR(plain(found), best.energy, 1e-12 * best.energy);
    EXPECT_EQ(to_string(found), to_string(*best.mapping)) << "layer " << i;
    const auto difference = price(count_accesses(layer, chip, found), layer, chip, 1).total.value -
                            price(count_accesses(layer, chip, {}), layer, chip, 1).total.value;
    EXPECT_NEAR(difference, plain(found) - plain({}), 1e-9 * plain({}));
  }
  EXPECT_GE(fitting, 200);
}

// With zeros and on either preset: no legal mapping that is tried at random costs less.
TEST(PropertySearch, NoLegalMappingCostsLessWhateverTheDensity) {
  mj::Random random(21);
  for (const char* name : {"eyeriss", "eyeriss-cvpr17"}) {
    const auto chip = mj::read_accelerator(name);
    const auto array = row_stationary_array(chip);
    for (int i = 0; i < 40; ++i) {
      const auto layer = workload_with_density(random_shape(random, 30), random.uniform(), random.uniform());
      const double best =
          price(count_accesses(layer, chip, search_mapping(layer, chip)), layer, chip, 1).total.value;
      const mj::LayerShape& s = layer.shape;
      for (int k = 0; k < 200; ++k) {
        const RowStationaryMapping other{pick(random, 1, s.k),
                                         pick(random, 1, s.n),
                                         pick(random, 1, s.p),
                                         pick(random, 1, std::min<int64_t>(s.k, 24)),
                                         pick(random, 1, std::min<int64_t>(s.c, 12)),
                                         pick(random, 1, 6),
                                         pick(random, 1, 6)};
        if (!misfit(s, array, other)) {
          EXPECT_GE(price(count_accesses(layer, chip, other), layer, chip, 1).total.value,
                    best * (1 - 1e-12));
        }
      }
    }
  }
}

TEST(GoldenSearch, NeverCostsMoreThanThePublishedMappingOfTheChip) {
  for (const char* name : {"eyeriss", "eyeriss-cvpr17"}) {
    const auto chip = mj::read_accelerator(name);
    for (const ChipLayer& row : chip::alexnet()) {
      const auto energy = [&](const RowStationaryMapping& mapping) {
        return price(count_accesses(row.workload, chip, mapping), row.workload, chip, 4).total.value;
      };
      EXPECT_LE(energy(search_mapping(row.workload, chip)), energy(row.mapping)) << row.workload.name;
    }
  }
}

// Longer filter rows than a scratchpad and higher filters than the array still find a mapping: ViT's patches.
TEST(UnitSearch, PatchesOf16By16AreMapped) {
  mj::LayerShape shape;
  shape.k = 768;
  shape.c = 3;
  shape.p = shape.q = 14;
  shape.r = shape.s = 16;
  shape.stride = {16, 16};
  shape.height = shape.width = 224;
  const auto chip = mj::read_accelerator("eyeriss-cvpr17");
  const auto found = search_mapping(workload_with_density(shape, 1, 1), chip);
  EXPECT_EQ(misfit(shape, row_stationary_array(chip), found), std::nullopt);
}

TEST(UnitSearch, AFullyConnectedLayerKeepsAllImagesOfABatchTogether) {
  mj::LayerShape shape;
  shape.n = 48;
  shape.k = 4096;
  shape.c = 9216;
  const auto chip = mj::read_accelerator("eyeriss-cvpr17");
  EXPECT_EQ(search_mapping(workload_with_density(shape, 1, 1), chip).n, 48);
}

TEST(ErrorsSearch, ALayerThatFitsNowhereIsNamedWithLevelAndWords) {
  mj::LayerShape shape;
  shape.r = shape.s = 3;
  shape.height = 3;
  shape.width = 100000;
  shape.q = 99998;
  auto layer = workload_with_density(shape, 1, 1);
  layer.name = "wide";
  try {
    search_mapping(layer, mj::read_accelerator("eyeriss"));
    FAIL();
  } catch (const mj::InputError& error) {
    // 3 rows of 100,000 inputs and one of 99,998 partial sums.
    EXPECT_STREQ(error.what(),
                 "eyeriss: layer wide: does not fit even in its smallest parts: buffer: needs 399998 words, "
                 "has 51200; "
                 "take an accelerator with more room");
  }
}

// A batch of a million and layers of a thousand channels: the search works by intervals, not by counting up.
TEST(UnitSearch, HugeExtentsAreSearchedByIntervals) {
  mj::LayerShape shape;
  shape.n = 1000000;
  shape.k = 1000003;
  shape.c = 1000033;
  auto chip = mj::read_accelerator("eyeriss");
  chip.levels[1].words = 1e15;
  const auto layer = workload_with_density(shape, 1, 1);
  EXPECT_EQ(misfit(shape, row_stationary_array(chip), search_mapping(layer, chip)), std::nullopt);
}

}  // namespace
