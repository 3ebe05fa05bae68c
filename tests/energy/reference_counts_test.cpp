#include "energy/nest_counts.h"
#include "reference_nests.h"

namespace mj {
namespace {

/// Numbers of one mapping that differ from Timeloop's; each is a failure.
void expect_counts(const reference::Case& each, const NestCounts& counts, const Accelerator& accelerator,
                   std::size_t& compared) {
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    const Document& level = reference::at(reference::at(each.data, "counts"), accelerator.levels[i].name);
    for (const auto& [name, want] : level.fields) {
      for (const Operand operand : all_operands) {
        if (to_string(operand) != name) {
          continue;
        }
        const OperandCounts& got = counts.levels[i][operand];
        const std::string place = each.name + " " + accelerator.levels[i].name + " " + name;
        EXPECT_EQ(got.tile, reference::number(want, "tile")) << place;
        EXPECT_EQ(got.instances, reference::number(want, "instances")) << place;
        EXPECT_EQ(got.reads, reference::number(want, "reads")) << place;
        EXPECT_EQ(got.fills, reference::number(want, "fills")) << place;
        EXPECT_EQ(got.updates, reference::number(want, "updates")) << place;
        compared += 5;
      }
    }
  }
}

double energy_of(const NestCounts& counts, const Accelerator& accelerator) {
  double energy = counts.macs * accelerator.mac_energy;
  for (std::size_t i = 0; i < accelerator.levels.size(); ++i) {
    for (const Operand operand : all_operands) {
      const OperandCounts& of = counts.levels[i][operand];
      energy += of.reads * accelerator.levels[i].read_energy +
                (of.fills + of.updates) * accelerator.levels[i].write_energy;
    }
  }
  return energy;
}

void expect_file(const std::string& file, std::size_t mappings, std::size_t numbers) {
  const auto accelerators = reference::accelerators(false);
  const auto cases = reference::cases(file);
  std::size_t compared = 0;
  for (const reference::Case& each : cases) {
    const Accelerator& accelerator = accelerators.at(each.architecture);
    const LayerShape shape = reference::shape(reference::at(each.data, "shape"));
    const LoopNest nest = reference::nest(reference::at(each.data, "mapping"));
    EXPECT_EQ(misfit(shape, accelerator, nest), std::nullopt) << each.name;
    const NestCounts counts = count_nest(shape, accelerator.levels, nest, Counting::timeloop);
    expect_counts(each, counts, accelerator, compared);
    EXPECT_EQ(energy_of(counts, accelerator), reference::number(each.data, "energy")) << each.name;
    EXPECT_EQ(counts.cycles, reference::number(each.data, "cycles")) << each.name;
    if (const Document* annealed = each.data.find("annealed")) {
      const LoopNest other = reference::nest(reference::at(*annealed, "mapping"));
      EXPECT_EQ(energy_of(count_nest(shape, accelerator.levels, other, Counting::timeloop), accelerator),
                reference::number(*annealed, "energy"))
          << each.name;
    }
  }
  EXPECT_EQ(cases.size(), mappings);
  EXPECT_EQ(compared, numbers);
}

TEST(DataGoldenTimeloopCounts, HandWrittenMappingsAgreeInEveryNumber) {
  MJ_NEED_SHARED_DATA("reference/timeloop_cases.json");
  expect_file("timeloop_cases.json", 23, 990);
}

TEST(DataGoldenTimeloopCounts, MappingsOfItsMapperAgreeInEveryNumber) {
  MJ_NEED_SHARED_DATA("reference/timeloop_mapper.json");
  expect_file("timeloop_mapper.json", 34, 1435);
}

TEST(DataGoldenTimeloopCounts, OptimaOfTinyLayersAgreeInEveryNumber) {
  MJ_NEED_SHARED_DATA("reference/timeloop_exhaustive.json");
  expect_file("timeloop_exhaustive.json", 15, 650);
}

}  // namespace
}  // namespace mj
