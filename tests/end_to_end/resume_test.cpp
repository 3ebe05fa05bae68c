#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "base/files.h"
#include "base/random.h"
#include "end_to_end/quick_prune.h"
#include "hardware/accelerator.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"

namespace {

using testing::HasSubstr;

TEST(EndToEndResume, AnInterruptedRunGoesOnToTheSameFile) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto whole = folder.path() / "whole.onnx";
  const auto resumed = folder.path() / "resumed.onnx";
  ASSERT_EQ(run_mj(quick_prune(whole)).exit_code, 0);

  const std::string run_folder = folder.path() / "run";
  const auto arguments = with(quick_prune(resumed), {"--run", run_folder});
  const ProgramRun interrupted = run_mj(arguments, ".", {.interrupt_at = "round 1:"});
  ASSERT_EQ(interrupted.exit_code, 130) << interrupted.errors;
  EXPECT_FALSE(std::filesystem::exists(resumed));
  EXPECT_THAT(interrupted.errors, HasSubstr("--resume"));
  EXPECT_THAT(interrupted.errors, HasSubstr(run_folder));

  const ProgramRun rest = run_mj(with(arguments, {"--resume"}));
  ASSERT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_TRUE(mj::read_file(whole) == mj::read_file(resumed));
  EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(run_folder) / "result.json"));
}

/// What a run goes on from, by file; not its log, which also says when it was resumed.
std::map<std::string, std::string> checkpoint_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename() != "log.txt") {
      files[entry.path().filename().string()] = mj::read_file(entry.path());
    }
  }
  return files;
}

TEST(EndToEndResume, ARunThatIsKilledAgainAndAgainComesToTheSameFile) {
  MJ_NEED_FASHION_MNIST();
  using std::chrono::milliseconds;
  const TemporaryFolder folder;
  const auto whole = folder.path() / "whole.onnx";
  const auto killed = folder.path() / "killed.onnx";
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run_mj(quick_prune(whole, "1", "200")).exit_code, 0);
  const auto duration =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count();

  const std::string run_folder = folder.path() / "run";
  const auto arguments = with(quick_prune(killed, "1", "200"), {"--run", run_folder, "--resume"});
  mj::Random random(1);
  for (int kill = 0; kill < 3; ++kill) {
    const milliseconds moment(random.below(static_cast<uint64_t>(duration)));
    run_mj(arguments, ".", {.kill_after = moment});
  }
  const ProgramRun rest = run_mj(arguments);
  ASSERT_EQ(rest.exit_code, 0) << rest.errors;
  EXPECT_TRUE(mj::read_file(whole) == mj::read_file(killed));
}

TEST(EndToEndResumeErrors, AFullDiskLeavesTheLastCheckpoint) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto whole = folder.path() / "whole.onnx";
  const auto resumed = folder.path() / "resumed.onnx";
  ASSERT_EQ(run_mj(quick_prune(whole)).exit_code, 0);
  const std::string run_folder = folder.path() / "run";
  const auto arguments = with(quick_prune(resumed), {"--run", run_folder, "--resume"});
  ASSERT_EQ(run_mj(arguments, ".", {.interrupt_at = "dense network:"}).exit_code, 130);
  const auto before = checkpoint_of(run_folder);
  ASSERT_TRUE(before.contains("state.yaml"));

  const ProgramRun full = run_mj(arguments, ".", {.largest_file = 100'000});
  EXPECT_EQ(full.exit_code, 3);
  EXPECT_THAT(full.errors, HasSubstr("cannot be written (File too large)"));
  EXPECT_TRUE(checkpoint_of(run_folder) == before);
  EXPECT_FALSE(std::filesystem::exists(resumed));

  ASSERT_EQ(run_mj(arguments).exit_code, 0);
  EXPECT_TRUE(mj::read_file(whole) == mj::read_file(resumed));
}

TEST(EndToEndResumeErrors, AnotherModelOrOptionIsNotResumed) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto output = folder.path() / "out.onnx";
  const std::string run_folder = folder.path() / "run";
  auto arguments = with(quick_prune(output), {"--run", run_folder, "--resume"});
  ASSERT_EQ(run_mj(arguments, ".", {.interrupt_at = "dense network:"}).exit_code, 130);
  const ProgramRun seed = run_mj(with(arguments, {"--seed", "7"}));
  EXPECT_EQ(seed.exit_code, 3);
  EXPECT_THAT(seed.errors, HasSubstr("seed was 0 and is 7"));
  const ProgramRun judged = run_mj(with(arguments, {"--eval", "fashion-mnist:test"}));
  EXPECT_EQ(judged.exit_code, 3);
  EXPECT_THAT(judged.errors, HasSubstr("images held back was 120 and is 0"));

  mj::Network network = mj::read_onnx(example_network());
  network.constants.at("conv3.weight").floats[7] += 1;
  arguments[1] = folder.path() / "other.onnx";
  mj::write_onnx(network, arguments[1]);
  const ProgramRun model = run_mj(arguments);
  EXPECT_EQ(model.exit_code, 3);
  EXPECT_THAT(model.errors, HasSubstr("holds a run with other options: model was "));
}

TEST(EndToEndResumeErrors, AnotherAcceleratorOfTheSameNameIsNotResumed) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto accelerator = folder.path() / "mine.yaml";
  std::string text = mj::accelerator_text("eyeriss-cvpr17");
  mj::write_file_atomically(accelerator, text);
  const auto arguments = with(quick_prune(folder.path() / "out.onnx"),
                              {"--hw", accelerator, "--run", folder.path() / "run", "--resume"});
  ASSERT_EQ(run_mj(arguments, ".", {.interrupt_at = "dense network:"}).exit_code, 130);
  const std::string level = "energy: dram";
  ASSERT_NE(text.find(level), std::string::npos);
  mj::write_file_atomically(accelerator, text.replace(text.find(level), level.size(), "energy: 100"));
  const ProgramRun edited = run_mj(arguments);
  EXPECT_EQ(edited.exit_code, 3);
  EXPECT_THAT(edited.errors, HasSubstr("holds a run with other options: accelerator was "));
}

}  // namespace
