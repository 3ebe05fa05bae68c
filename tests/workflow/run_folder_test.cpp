#include "workflow/run_folder.h"

#include <gtest/gtest.h>

#include <algorithm>

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

Measured some_measured(const Network& network, double energy) {
  Measured measured{.energy = energy,
                    .cycles = 2 * energy,
                    .nonzero_weights = 17,
                    .accuracy = Accuracy{40, 0.9, 1.0 / 3, {0, 5, -1}}};
  measured.stats.images = 30;
  measured.stats.layers.resize(network.layers.size());
  measured.stats.layers[0].tap_nonzeros = {0.1, 2.0 / 3};
  measured.stats.layers[1].output_runs.overflow[2] = 1e-300;
  return measured;
}

RunState some_state() {
  RunState state{.round = 2, .step = 0.1, .refinements = 1, .too_low = 1.0 / 3, .network = small_network()};
  state.history = {{.step = 1, .energy = 1.0 / 3, .top1 = 0.9173, .top5 = 1, .kept = true},
                   {.step = 2, .energy = 0.25, .kept = false}};
  state.dense = some_measured(*state.network, 1.0 / 7);
  state.current = some_measured(*state.network, 0.1);
  state.current.accuracy.reset();
  state.network->constants.at("conv.weight").floats[0] = 1.0F / 3;
  return state;
}

RoundState some_round() {
  RoundState round{.keep = {70, 0}, .patterned = {1, 0}, .reachable = false, .order = {1, 0}, .pruned = 2};
  round.training = {.epochs = 3, .moments = {{1.0F / 3, 2}, {-0.0F}}};
  round.network = small_network();
  round.network.constants.at("fc.bias").floats[2] = 1e-30F;
  round.taken_back = 1;
  round.helped = true;
  round.best = small_network();
  round.best->constants.at("fc.bias").floats[0] = 7;
  return round;
}

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(UnitRunFolder, StatesComeBackAsTheyWereSaved) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "run";
  RunState state = some_state();
  state.stopped_by = "max-drop";
  state.ended = true;
  {
    RunFolder run(path, options, false);
    EXPECT_FALSE(run.load(small_network()));
    run.save(state);
  }
  const auto loaded = RunFolder(path, options, true).load(small_network());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->round, 2);
  EXPECT_EQ(loaded->step, 0.1);
  EXPECT_EQ(loaded->refinements, 1);
  EXPECT_EQ(loaded->too_low, 1.0 / 3);
  EXPECT_TRUE(loaded->ended);
  EXPECT_EQ(loaded->stopped_by, "max-drop");
  ASSERT_EQ(loaded->history.size(), 2U);
  EXPECT_EQ(loaded->history[0].energy, 1.0 / 3);
  EXPECT_EQ(loaded->history[0].top1, 0.9173);
  EXPECT_EQ(loaded->history[1].top1, std::nullopt);
  EXPECT_FALSE(loaded->history[1].kept);
  ASSERT_TRUE(loaded->network);
  EXPECT_EQ(loaded->network->constants.at("conv.weight").floats,
            state.network->constants.at("conv.weight").floats);
  EXPECT_FALSE(loaded->begun);
}

TEST(UnitRunFolder, TheGivenNetworkIsNotSavedAgain) {
  const TemporaryFolder folder;
  RunState state = some_state();
  state.network.reset();
  RunFolder(folder.path(), options, false).save(state);
  const auto loaded = RunFolder(folder.path(), options, true).load(small_network());
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->network);
}

TEST(UnitRunFolder, MeasurementsComeBackAsTheyWereSaved) {
  const TemporaryFolder folder;
  RunFolder(folder.path(), options, false).save(some_state());
  const auto loaded = RunFolder(folder.path(), options, true).load(small_network());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->dense.energy, 1.0 / 7);
  EXPECT_EQ(loaded->dense.cycles, 2.0 / 7);
  EXPECT_EQ(loaded->dense.nonzero_weights, 17);
  ASSERT_TRUE(loaded->dense.accuracy);
  EXPECT_EQ(loaded->dense.accuracy->images, 40U);
  EXPECT_EQ(loaded->dense.accuracy->top5, 1.0 / 3);
  EXPECT_EQ(loaded->dense.accuracy->ranks, (std::vector<float>{0, 5, -1}));
  EXPECT_EQ(loaded->dense.stats.images, 30);
  EXPECT_EQ(loaded->dense.stats.layers[0].tap_nonzeros, (std::vector{0.1, 2.0 / 3}));
  EXPECT_EQ(loaded->dense.stats.layers[1].output_runs.overflow[2], 1e-300);
  EXPECT_EQ(loaded->current.energy, 0.1);
  EXPECT_FALSE(loaded->current.accuracy);
}

TEST(UnitRunFolder, TrialsComeBackAsTheyWereSaved) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), options, false);
  EXPECT_TRUE(run.load_trials(2).layers.empty());
  TrialResults results;
  results.layers[1] = {{1.0 / 3, 1e-9}, {5, 1.0 / 9}, 2.0 / 3};
  results.layers[7] = {{0.1}, {}, std::nullopt};
  results.groups[2] = {{3, 0, 1}, 1, {1.0 / 7, 1e6}};
  run.save_trials(2, results);
  const TrialResults loaded = run.load_trials(2);
  ASSERT_EQ(loaded.layers.size(), 2U);
  EXPECT_EQ(loaded.layers.at(1).losses, results.layers[1].losses);
  EXPECT_EQ(loaded.layers.at(1).costs, results.layers[1].costs);
  EXPECT_EQ(loaded.layers.at(1).pattern_loss, 2.0 / 3);
  EXPECT_EQ(loaded.layers.at(7).pattern_loss, std::nullopt);
  ASSERT_EQ(loaded.groups.size(), 1U);
  EXPECT_EQ(loaded.groups.at(2).order, results.groups[2].order);
  EXPECT_EQ(loaded.groups.at(2).unread, 1);
  EXPECT_EQ(loaded.groups.at(2).losses, results.groups[2].losses);
  EXPECT_TRUE(run.load_trials(1).groups.empty());

  std::string text = read_file(folder.path() / "trials-2.yaml");
  text.replace(text.find("0.1"), 3, "0.2");
  write_file_atomically(folder.path() / "trials-2.yaml", text);
  EXPECT_THROW(run.load_trials(2), InputError);
}

TEST(UnitRunFolder, ARoundUnderWayComesBack) {
  const TemporaryFolder folder;
  RunState state = some_state();
  state.begun = some_round();
  RunFolder(folder.path(), options, false).save(state);
  const auto loaded = RunFolder(folder.path(), options, true).load(small_network());
  ASSERT_TRUE(loaded && loaded->begun);
  EXPECT_EQ(loaded->begun->keep, state.begun->keep);
  EXPECT_EQ(loaded->begun->patterned, (std::vector{1, 0}));
  EXPECT_FALSE(loaded->begun->reachable);
  EXPECT_EQ(loaded->begun->order, state.begun->order);
  EXPECT_EQ(loaded->begun->pruned, 2U);
  EXPECT_EQ(loaded->begun->training.epochs, 3);
  EXPECT_EQ(loaded->begun->training.moments, state.begun->training.moments);
  EXPECT_EQ(loaded->begun->network.constants.at("fc.bias").floats,
            state.begun->network.constants.at("fc.bias").floats);
  EXPECT_EQ(loaded->begun->taken_back, 1);
  EXPECT_TRUE(loaded->begun->helped);
  ASSERT_TRUE(loaded->begun->best);
  EXPECT_EQ(loaded->begun->best->constants.at("fc.bias").floats[0], 7);
}

TEST(UnitRunFolder, OnlyWhatTheStateNamesStays) {
  const TemporaryFolder folder;
  RunFolder run(folder.path() / "run", options, false);
  RunState state = some_state();
  state.begun = some_round();
  run.save(state);
  EXPECT_EQ(files_in(run.path()), (std::vector<std::string>{"begun-3-0-2-1-3.values", "kept-2.values",
                                                            "options.yaml", "state.yaml"}));
  write_file_atomically(run.path() / "state.yaml.4711.part", "left by a kill");
  state.begun.reset();
  state.round = 3;
  run.save(state);
  EXPECT_EQ(files_in(run.path()), (std::vector<std::string>{"kept-3.values", "options.yaml", "state.yaml"}));
}

TEST(UnitRunFolder, ASaveWaitsUntilItsShareOfTheTimeIsDue) {
  const TemporaryFolder folder;
  RunState state = some_state();
  {
    RunFolder run(folder.path(), options, false, 0);
    run.save_if_due(state);  // the first: nothing is known of its cost
    state.step = 0.2;
    run.save_if_due(state);
  }
  EXPECT_EQ(RunFolder(folder.path(), options, true).load(small_network())->step, 0.1);
}

TEST(UnitRunFolder, TrialsWaitForTheirShareOfTheTimeToo) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), options, false, 0);
  TrialResults results;
  results.layers[0] = {{0.1}, {}, std::nullopt};
  run.save_trials_if_due(1, results);  // the first: nothing is known of its cost
  results.layers[1] = {{0.2}, {}, std::nullopt};
  run.save_trials_if_due(1, results);
  EXPECT_EQ(run.load_trials(1).layers.size(), 1U);
  run.save_trials(1, results);
  EXPECT_EQ(run.load_trials(1).layers.size(), 2U);
}

TEST(UnitRunFolder, AStartThatWasKilledIsStartedAgain) {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "options.yaml.4711.part", "se");
  EXPECT_EQ(message_of(folder.path(), options, true), "no error");
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

TEST(ErrorsRunFolder, OptionsThatAreMissingAreNamed) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of(path, options, false), "no error");
  write_file_atomically(folder.path() / "options.yaml", "energy: \"0.4\"\n");
  EXPECT_EQ(message_of(path, options, true),
            path +
                "/options.yaml: does not say 'seed'; another version made it, or it was changed: start the "
                "run again in a new folder");
}

TEST(ErrorsRunFolder, AFolderWithOtherThingsIsLeftAlone) {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / "mine.txt", "mine");
  const std::string path = folder.path().string();
  EXPECT_EQ(message_of(path, options, false),
            path + ": is not empty and holds no run; name a new or empty folder");
}

TEST(ErrorsRunFolder, AFolderInUseIsLeftAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  const RunFolder run(path, options, false);
  EXPECT_EQ(message_of(path, options, true),
            path + ": is in use by another process; wait for it to end, or name another folder");
}

std::string loading_error(RunFolder& run) {
  try {
    run.load(small_network());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ErrorsRunFolder, ADamagedFileIsNamedWhereverItIsCutOff) {
  const TemporaryFolder folder;
  RunFolder run(folder.path() / "run", options, false);
  RunState state = some_state();
  state.begun = some_round();
  run.save(state);
  for (const char* name : {"state.yaml", "kept-2.values", "begun-3-0-2-1-3.values"}) {
    const auto file = run.path() / name;
    const std::string whole = read_file(file);
    const std::string sentence = file.string() +
                                 ": is not as it was written: it is cut off or was changed; start the run "
                                 "again in a new folder";
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 40) {
      write_file_atomically(file, whole.substr(0, size));
      EXPECT_EQ(loading_error(run), sentence);
      std::string changed = whole;
      changed[size] ^= 1;
      write_file_atomically(file, changed);
      EXPECT_EQ(loading_error(run), sentence);
    }
    write_file_atomically(file, whole);
  }
  EXPECT_EQ(loading_error(run), "no error");
  std::filesystem::remove(run.path() / "kept-2.values");
  EXPECT_EQ(loading_error(run),
            (run.path() / "kept-2.values").string() + ": is missing; start the run again in a new folder");
}

}  // namespace
}  // namespace mj
