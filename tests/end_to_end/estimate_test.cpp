#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "end_to_end/program.h"
#include "shared_data.h"
#include "temporary_folder.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(EndToEndEstimate, JsonOnStandardOutputStandsAlone) {
  const ProgramRun run = run_mj({"estimate", example_network(), "--batch", "4", "--json", "-"});
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  const json estimate = json::parse(run.output);
  EXPECT_EQ(estimate["schema"], "millijoule.estimate/1");
  EXPECT_EQ(estimate["accelerator"], "eyeriss-cvpr17");
  EXPECT_EQ(estimate["batch"], 4);
  double energy = 0;
  for (const json& layer : estimate["layers"]) {
    energy += layer["energy"].get<double>();
    double by_level = 0;
    for (const auto& [name, value] : layer["by_level"].items()) {
      by_level += value.get<double>();
    }
    double by_operand = 0;
    for (const auto& [name, value] : layer["by_operand"].items()) {
      by_operand += value.get<double>();
    }
    EXPECT_NEAR(by_level, layer["energy"], 1e-9 * by_level);
    EXPECT_NEAR(by_operand, layer["energy"], 1e-9 * by_operand);
  }
  EXPECT_NEAR(energy, estimate["totals"]["energy"], 1e-9 * energy);
}

TEST(EndToEndEstimate, ASavedMappingGivesTheSameEnergyAgain) {
  const TemporaryFolder folder;
  const std::string mapping = (folder.path() / "mapping.yaml").string();
  const ProgramRun first = run_mj({"estimate", example_network(), "--save-mapping", mapping, "--json",
                                   (folder.path() / "a.json").string()});
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const ProgramRun second = run_mj(
      {"estimate", example_network(), "--mapping", mapping, "--json", (folder.path() / "b.json").string()});
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  const json a = json::parse(std::ifstream(folder.path() / "a.json"));
  const json b = json::parse(std::ifstream(folder.path() / "b.json"));
  EXPECT_EQ(a["totals"], b["totals"]);
}

TEST(EndToEndEstimate, RealImagesMakeTheActivationsSparse) {
  if (!has_fashion_mnist()) {
    GTEST_SKIP() << "needs Debian's package dataset-fashion-mnist";
  }
  const ProgramRun dense = run_mj({"estimate", example_network(), "--json", "-"});
  const ProgramRun real = run_mj(
      {"estimate", example_network(), "--data", "fashion-mnist:train", "--images", "200", "--json", "-"});
  ASSERT_EQ(real.exit_code, 0) << real.errors;
  const json d = json::parse(dense.output);
  const json r = json::parse(real.output);
  EXPECT_LT(r["totals"]["nonzero_macs"], 0.9 * d["totals"]["nonzero_macs"].get<double>());
  EXPECT_LT(r["totals"]["energy"], d["totals"]["energy"]);
  EXPECT_EQ(r["totals"]["macs"], d["totals"]["macs"]);
}

TEST(EndToEndProgram, HelpNamesTheCommandsAndVersionIsShort) {
  const ProgramRun help = run_mj({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command : {"estimate", "eval", "prune", "hw"}) {
    EXPECT_THAT(help.output, HasSubstr(command));
    const ProgramRun own = run_mj({command, "--help"});
    EXPECT_EQ(own.exit_code, 0);
    EXPECT_THAT(own.output, HasSubstr("Examples:"));
  }
  EXPECT_EQ(run_mj({"--version"}).output, "mj " MJ_VERSION "\n");
}

TEST(EndToEndProgram, PresetsAreListedShownAndInOrder) {
  const TemporaryFolder folder;
  const ProgramRun list = run_mj({"hw", "list"});
  EXPECT_THAT(list.output, HasSubstr("eyeriss\neyeriss-cvpr17\n"));
  const ProgramRun show = run_mj({"hw", "show", "eyeriss"});
  ASSERT_EQ(show.exit_code, 0);
  const std::string file = (folder.path() / "copy.yaml").string();
  std::ofstream(file) << show.output;
  EXPECT_EQ(run_mj({"hw", "check", file}).exit_code, 0);
}

TEST(EndToEndUsage, WrongUsageIsExitTwo) {
  EXPECT_EQ(run_mj({}).exit_code, 2);
  EXPECT_EQ(run_mj({"estimate"}).exit_code, 2);
  EXPECT_EQ(run_mj({"estimate", "x.onnx", "--batch", "0"}).exit_code, 2);
  const ProgramRun tiling =
      run_mj({"estimate", example_network(), "--hw", "nvdla", "--tiling", "any", "--counting", "timeloop"});
  EXPECT_EQ(tiling.exit_code, 2);
  EXPECT_THAT(tiling.errors, HasSubstr("any takes --counting exact"));
  EXPECT_EQ(run_mj({"prune", "x.onnx", "--data", "y", "-o", "z", "--method", "magic"}).exit_code, 2);
  EXPECT_EQ(run_mj({"prune", example_network(), "--data", "y", "-o", "z", "--energy", "140%"}).exit_code, 2);
}

}  // namespace
