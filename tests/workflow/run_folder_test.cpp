#include "workflow/run_folder.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "temporary_folder.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

const std::map<std::string, std::string> options{{"seed", "0"}, {"energy", "0.4"}};

std::string message_of(const std::filesystem::path& folder, const std::map<std::string, std::string>& with,
                       bool resume) {
  try {
    const RunFolder run(folder, with, resume);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(UnitRunFolder, StatesComeBackAsTheyWereSaved) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "run";
  RunState state{.round = 2, .step = 0.1, .refinements = 1, .network = small_network()};
  state.stopped_by = "max-drop";
  state.ended = true;
  state.history = {{.step = 1, .energy = 1.0 / 3, .top1 = 0.9173, .top5 = 1, .kept = true},
                   {.step = 2, .energy = 0.25, .kept = false}};
  {
    const RunFolder run(path, options, false);
    EXPECT_FALSE(run.load());
    run.save(state);
  }
  const auto loaded = RunFolder(path, options, true).load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->round, 2);
  EXPECT_EQ(loaded->step, 0.1);
  EXPECT_EQ(loaded->refinements, 1);
  EXPECT_TRUE(loaded->ended);
  EXPECT_EQ(loaded->stopped_by, "max-drop");
  ASSERT_EQ(loaded->history.size(), 2U);
  EXPECT_EQ(loaded->history[0].energy, 1.0 / 3);
  EXPECT_EQ(loaded->history[0].top1, 0.9173);
  EXPECT_EQ(loaded->history[1].top1, std::nullopt);
  EXPECT_FALSE(loaded->history[1].kept);
  EXPECT_EQ(loaded->network.constants.at("conv.weight").floats,
            state.network.constants.at("conv.weight").floats);
}

TEST(UnitRunFolder, OnlyTheLastNetworkStays) {
  const TemporaryFolder folder;
  const RunFolder run(folder.path() / "run", options, false);
  RunState state{.round = 1, .network = small_network()};
  run.save(state);
  state.round = 2;
  run.save(state);
  EXPECT_FALSE(std::filesystem::exists(run.path() / "network-1.onnx"));
  EXPECT_TRUE(std::filesystem::exists(run.path() / "network-2.onnx"));
}

TEST(UnitRunFolder, ResumingAnEmptyFolderStarts) {
  const TemporaryFolder folder;
  EXPECT_EQ(message_of(folder.path(), options, true), "no error");
}

TEST(ErrorsRunFolder, ARunIsNotOverwritten) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of(path, options, false), "no error");
  EXPECT_EQ(message_of(path, options, false),
            path + ": holds a run; add --resume to go on with it, or name a new folder");
}

TEST(ErrorsRunFolder, OtherOptionsAreNamed) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of(path, options, false), "no error");
  EXPECT_EQ(
      message_of(path, {{"seed", "1"}, {"energy", "0.4"}}, true),
      path +
          ": holds a run with other options: seed was 0 and is 1; resume with the same options and model, or "
          "name another folder");
}

TEST(ErrorsRunFolder, AFolderWithOtherThingsIsLeftAlone) {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "mine.txt", "mine");
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of(path, options, false),
            path + ": is not empty and holds no run; name a new or empty folder");
}

TEST(ErrorsRunFolder, ADamagedStateIsNamed) {
  const TemporaryFolder folder;
  const RunFolder run(folder.path() / "run", options, false);
  run.save({.round = 1, .network = small_network()});
  write_file_atomically(run.path() / "state.yaml", "round: x\n");
  EXPECT_THROW(run.load(), InputError);
}

}  // namespace
}  // namespace mj
