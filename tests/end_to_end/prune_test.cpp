#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "end_to_end/quick_prune.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(EndToEndPrune, KeepsTheBudgetAndTheGraph) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto output = folder.path() / "out.onnx";
  const ProgramRun run = run_mj(with(quick_prune(output), {"--json", "-"}));
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  const json result = json::parse(run.output);
  EXPECT_EQ(result["schema"], "millijoule.prune/1");
  EXPECT_EQ(result["stopped_by"], "budget");
  EXPECT_LE(result["after"]["energy"], 0.6 * result["before"]["energy"].get<double>());
  EXPECT_GE(result["after"]["energy"], 0.55 * result["before"]["energy"].get<double>());

  const mj::Network before = mj::read_onnx(example_network());
  const mj::Network after = mj::read_onnx(output);
  ASSERT_EQ(after.layers.size(), before.layers.size());
  double nonzero = 0;
  for (std::size_t l = 0; l < before.layers.size(); ++l) {
    EXPECT_EQ(after.layers[l].name, before.layers[l].name);
    nonzero += static_cast<double>(mj::count_nonzeros(mj::weight_matrix(after, after.layers[l])));
  }
  EXPECT_EQ(result["after"]["nonzero_weights"], nonzero);
  EXPECT_EQ(after.inputs[0].name, before.inputs[0].name);
  EXPECT_EQ(after.outputs[0].name, before.outputs[0].name);
  EXPECT_EQ(after.constants.size(), before.constants.size());
  EXPECT_EQ(after.metadata.at("millijoule.method"), "energy-aware");
}

TEST(EndToEndPrune, SparsityIsKept) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto output = folder.path() / "out.onnx";
  const ProgramRun run =
      run_mj({"prune", example_network(), "-o", output, "--data", "fashion-mnist:train", "--images", "600",
              "--sparsity", "70%", "--fine-tune", "0", "--method", "magnitude", "--json", "-"});
  ASSERT_EQ(run.exit_code, 0) << run.errors;
  const json result = json::parse(run.output);
  const double share =
      result["after"]["nonzero_weights"].get<double>() / result["before"]["nonzero_weights"].get<double>();
  EXPECT_LE(share, 0.3);
  EXPECT_GE(share, 0.299);
}

TEST(EndToEndPrune, ATargetOutOfReachIsExitFourAndWritesTheBest) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto output = folder.path() / "out.onnx";
  const ProgramRun run =
      run_mj({"prune", example_network(), "-o", output, "--data", "fashion-mnist:train", "--images", "200",
              "--energy", "5%", "--fine-tune", "0", "--rounds", "1", "--method", "magnitude", "--json", "-"});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_THAT(run.errors,
              HasSubstr("the target cannot be reached: 5.00 % of the dense energy was asked for"));
  EXPECT_TRUE(std::filesystem::exists(output));
}

TEST(EndToEndPrune, AFrontIsDrawnWhereGnuplotIs) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto draw_with = [&](const std::string& path) {
    const std::string before = std::getenv("PATH");
    setenv("PATH", path.c_str(), 1);
    const ProgramRun run = run_mj({"prune", example_network(), "-o", folder.path() / "a.onnx", "--data",
                                   "fashion-mnist:train", "--images", "200", "--energy", "60%", "--pareto",
                                   "2", "--fine-tune", "0", "--rounds", "1", "--method", "magnitude"});
    setenv("PATH", before.c_str(), 1);
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    return run.errors;
  };
  EXPECT_THAT(draw_with(folder.path()), HasSubstr("there is no gnuplot"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a-front.svg"));

  const auto gnuplot = folder.path() / "gnuplot";  // One that gives what it was told to draw.
  mj::write_file_atomically(gnuplot, "#!/bin/sh\n/bin/cat \"$1\"\n");
  std::filesystem::permissions(gnuplot, std::filesystem::perms::owner_all);
  EXPECT_THAT(draw_with(folder.path()), Not(HasSubstr("gnuplot")));
  EXPECT_THAT(mj::read_file(folder.path() / "a-front.svg"), HasSubstr("plot $front"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a-front.svg.commands"));
}

TEST(EndToEndPrune, TheSameSeedGivesTheSameFileUnderAnyName) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto arguments = [&](const char* name, const char* seed) {
    return with(quick_prune(folder.path() / name, "1"), {"--seed", seed});
  };
  ASSERT_EQ(run_mj(arguments("a.onnx", "3")).exit_code, 0);
  ASSERT_EQ(run_mj(arguments("b.onnx", "3")).exit_code, 0);
  ASSERT_EQ(run_mj(arguments("c.onnx", "4")).exit_code, 0);
  const std::string a = mj::read_file(folder.path() / "a.onnx");
  EXPECT_TRUE(a == mj::read_file(folder.path() / "b.onnx"));
  EXPECT_FALSE(a == mj::read_file(folder.path() / "c.onnx"));
}

TEST(EndToEndPruneErrors, AModelWithoutWeightsIsRefused) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  mj::Network network = mj::read_onnx(example_network());
  network.envelope.clear();
  network.constants.at("conv3.weight").floats[7] = std::numeric_limits<float>::quiet_NaN();
  const auto broken = folder.path() / "nan.onnx";
  mj::write_onnx(network, broken);
  const auto output = folder.path() / "out.onnx";
  for (const char* command : {"estimate", "prune"}) {
    std::vector<std::string> arguments{command, broken};
    if (std::string(command) == "prune") {
      arguments = with(arguments, {"--data", "fashion-mnist:train", "-o", output});
    }
    const ProgramRun run = run_mj(arguments);
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_THAT(run.errors, HasSubstr("conv3"));
    EXPECT_FALSE(std::filesystem::exists(output));
  }
}

TEST(EndToEndPruneErrors, ImagesOfAnotherShapeAreRefused) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  // One CIFAR-10 record: a label and 3 x 32 x 32 bytes.
  mj::write_file_atomically(folder.path() / "test_batch.bin", std::string(3073, '\0'));
  const ProgramRun run = run_mj({"eval", example_network(), "--data", folder.path().string() + ":test"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.errors, HasSubstr("1x28x28"));
}

TEST(EndToEndDemo, SavesEnergyAndKeepsTheAccuracy) {
  MJ_NEED_FASHION_MNIST();
  ASSERT_EQ(std::system(MJ_SOURCE_DIR "/scripts/demo.sh"), 0);
  const json result = json::parse(std::ifstream(MJ_SOURCE_DIR "/build/demo/result.json"));
  EXPECT_EQ(result["accelerator"], "eyeriss-cvpr17");
  EXPECT_LE(result["after"]["energy"], 0.40 * result["before"]["energy"].get<double>());
  EXPECT_GE(result["after"]["top1"], result["before"]["top1"].get<double>() - 0.010);
  EXPECT_GE(result["before"]["top1"], 0.92);
  const ProgramRun eval = run_mj(
      {"eval", MJ_SOURCE_DIR "/build/demo/pruned.onnx", "--data", "fashion-mnist:test", "--json", "-"});
  EXPECT_NEAR(json::parse(eval.output)["top1"], result["after"]["top1"], 0.0002);
  EXPECT_GT(std::filesystem::file_size(MJ_SOURCE_DIR "/build/demo/report.txt"), 500U);
}

}  // namespace
