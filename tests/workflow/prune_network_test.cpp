#include "workflow/prune_network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/files.h"
#include "error_of.h"
#include "hardware/accelerator.h"
#include "temporary_folder.h"
#include "workflow/calibration_split.h"
#include "workflow/divergence.h"
#include "workflow/fine_tune.h"
#include "workflow/memory_need.h"
#include "workflow/prune_context.h"
#include "workflow/small_network.h"

namespace mj {
namespace {

namespace fs = std::filesystem;

/// Two rounds and an epoch after the first, two after the second.
PruneJob rounds_job() {
  PruneJob job = small_job();
  job.options = PruneOptions();
  job.options.target.sparsity = 0.5;
  job.options.rounds = 2;
  job.options.final_epochs = 2;
  job.options.recipe.images = 20;
  job.options.training.batch_size = 16;
  return job;
}

using Constants = std::map<std::string, std::vector<float>>;

Constants constants_of(const Network& network) {
  Constants constants;
  for (const auto& [name, tensor] : network.constants) {
    constants[name] = tensor.floats;
  }
  return constants;
}

constexpr double always = std::numeric_limits<double>::infinity();

PruneJob job_on_few_images(double learning_rate, int epochs) {
  PruneJob job = rounds_job();
  job.options.rounds = 1;
  job.options.epochs = job.options.final_epochs = epochs;
  job.options.target.sparsity = 0.7;  // Fine-tuning has something to gain.
  job.options.on_few_images = true;
  job.options.training.distillation = 1;
  job.options.training.learning_rate = learning_rate;
  return job;
}

/// Of the network's predictions on what it is judged by from those of the dense one.
double held_back_divergence(const PruneJob& job, const Network& network) {
  const uint64_t seed = job.options.seed;
  const auto parts = judged_parts(split_calibration(job.calibration, seed, "random").held_back, seed);
  const Matrix dense = open_session(job.network, {})->forward(parts, {}, {}).values;
  return mean_divergence(dense, open_session(network, {})->forward(parts, {}, {}).values,
                         job.options.training.temperature);
}

TEST(PropertyPruneNetwork, FineTuningOnFewImagesNeverMovesAwayFromTheDenseNetwork) {
  const PruneJob untuned = job_on_few_images(1e-3, 0);
  const Network start = prune_network(untuned, nullptr, {}, {}).network;
  const PruneJob tuned = job_on_few_images(1e-3, 60);
  const Network end = prune_network(tuned, nullptr, {}, {}).network;
  EXPECT_LT(held_back_divergence(tuned, end), held_back_divergence(tuned, start));
}

TEST(UnitPruneNetwork, NoImagesAreHeldBackThatWouldDecideNothing) {
  PruneJob job = small_job();
  job.options.target.sparsity = 0.5;
  EXPECT_EQ(split_images(job).fit.size, 48U);  // The others tell the accuracy.
  job.evaluation = random_images(20);
  EXPECT_EQ(split_images(job).fit.size, 60U);
  EXPECT_EQ(split_images(job).held_back.size, 0U);
  const PruneResult result = prune_network(job, nullptr, {}, {}).result;
  EXPECT_FALSE(result.history.at(0).top1);
  EXPECT_TRUE(result.after.top1);
  EXPECT_GT(result.layers.at(0).output_error, 0);

  PruneJob guarded = job;
  guarded.options.target.max_drop = 0.1;
  PruneJob tuned = job;
  tuned.options.final_epochs = 1;
  PruneJob searched = job;
  searched.options.target = {.max_drop = 0.1};
  for (const PruneJob& decided : {guarded, tuned, searched}) {
    EXPECT_EQ(split_images(decided).held_back.size, 12U);
  }
}

TEST(UnitPruneNetwork, HalfAsManyImagesAreHeldBackForTuningAlone) {
  PruneJob job = small_job();
  job.calibration = random_images(1500);
  job.options.target.sparsity = 0.5;
  job.options.final_epochs = 1;
  EXPECT_EQ(split_images(job).held_back.size, 300U);
  job.evaluation = random_images(20);
  EXPECT_EQ(split_images(job).held_back.size, 150U);
  job.options.on_few_images = false;  // They would decide nothing, but tell the accuracy after each round.
  EXPECT_EQ(split_images(job).held_back.size, 300U);
}

TEST(UnitPruneNetwork, SchedulesThatDoHarmAreTakenBack) {
  const Constants start = constants_of(prune_network(job_on_few_images(1, 0), nullptr, {}, {}).network);
  for (const double learning_rate : {1e3, 1e30}) {  // The second makes the loss infinite.
    EXPECT_EQ(constants_of(prune_network(job_on_few_images(learning_rate, 80), nullptr, {}, {}).network),
              start);
  }
}

// The rate is infinite from the first step on, in a schedule that is taken to have helped before.
TEST(UnitPruneNetwork, AScheduleThatDivergesAfterItHelpedEnds) {
  const PruneJob job = job_on_few_images(1e30, 3);
  PruneContext context = open_context(job, nullptr, {}, {});
  RunState state;
  state.begun = RoundState{.helped = true, .network = job.network};
  fine_tune(context, state, 3, "round 1");
  EXPECT_EQ(constants_of(state.begun->network), constants_of(job.network));
}

/// Conv - product of its maps with themselves - Flatten - Gemm.
Network network_with_a_product() {
  Network network = small_network();
  network.nodes[1] = {"product", "MatMul", "", {"a", "a"}, {"b"}, {}};
  infer_shapes(network);
  return network;
}

TEST(UnitPruneNetwork, AProductOfActivationsStaysAsItIs) {
  PruneJob job = small_job();
  job.network = network_with_a_product();
  job.options.target.energy_share = 0.9;
  const PruneResult result = prune_network(job, nullptr, {}, {}).result;
  ASSERT_EQ(result.layers.size(), 3U);
  EXPECT_EQ(result.layers[1].density_before, 1);
  EXPECT_EQ(result.layers[1].density_after, 1);
  EXPECT_EQ(result.layers[1].output_error, 0);
  EXPECT_LE(result.after.energy, 0.9 * result.before.energy);
}

TEST(UnitPruneNetwork, ABiasThatLayersShareStaysAsItIs) {
  PruneJob job = small_job();
  Network& network = job.network;
  Tensor again = network.constants.at("conv.weight");  // 4 x 2 filters of 3 x 3, for 4 channels: twice.
  again.shape = {4, 4, 3, 3};
  again.floats.insert(again.floats.end(), again.floats.begin(), again.floats.end());
  network.constants["again.weight"] = again;
  network.nodes.insert(network.nodes.begin() + 2, {"again",
                                                   "Conv",
                                                   "",
                                                   {"b", "again.weight", "conv.bias"},
                                                   {"d"},
                                                   {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}});
  network.nodes[3].inputs = {"d"};
  infer_shapes(network);
  ASSERT_EQ(network.layers.size(), 3U);
  job.options.target.energy_share = 0.9;
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  EXPECT_EQ(outcome.network.constants.at("conv.bias").floats, network.constants.at("conv.bias").floats);
  EXPECT_NE(outcome.network.constants.at("fc.bias").floats, network.constants.at("fc.bias").floats);
  for (const PrunedLayer& layer : outcome.result.layers) {
    EXPECT_LT(layer.output_error, 0.5) << layer.name;
  }
}

TEST(UnitPruneNetwork, ANodeThatNeedsAllChannelsIsSaid) {
  PruneJob job = small_job();
  job.network.nodes[1].op = "LRN";
  job.network.nodes[1].attributes = {{"size", int64_t{3}}};
  infer_shapes(job.network);
  job.options.target.energy_share = 0.9;
  EXPECT_EQ(prune_network(job, nullptr, {}, {}).result.notes.at(1),
            "channels must stay: those of 'conv' for node 'relu' (LRN)");
}

TEST(UnitPruneNetwork, WhySoMuchLessThanTheBudgetIsUsedIsSaid) {
  PruneJob job = small_job();
  job.options.target.energy_share = 1;
  EXPECT_EQ(prune_network(job, nullptr, {}, {}).result.notes.back().find("the budget"), std::string::npos);
  job.options.target = {.energy = 1e9};
  const PruneOutcome whole = prune_network(job, nullptr, {}, {});
  EXPECT_TRUE(whole.reached);
  EXPECT_EQ(whole.result.notes.back(),
            "the budget is used to 0.0 %: the network that was given is within it, and is written as it is");
}

TEST(UnitPruneNetwork, ANetworkWithinTheBudgetIsWrittenAsItIs) {
  PruneJob job = small_job();
  clear_channels(job.network, find_channel_groups(job.network).at(0), {2});
  job.options.target.energy_share = 1;
  const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
  EXPECT_EQ(outcome.network.constants.at("conv.weight").shape, (Shape{4, 2, 3, 3}));
  EXPECT_EQ(outcome.result.after.energy, outcome.result.before.energy);
}

/// Conv, batch norm, Relu in front of what small_network has.
Network network_with_batch_norm() {
  Network network = small_network();
  network.nodes[0].inputs.pop_back();
  network.constants.erase("conv.bias");
  network.nodes[0].outputs = {"n"};
  const auto constant = [&](const char* name, std::vector<float> values) {
    network.constants[name] = {ElementType::float32, {4}, std::move(values), {}};
  };
  constant("gain", {1, 2, 1, 0.5});
  constant("shift", {0, 1, 0, -1});
  constant("mean", {0.5, -0.5, 1, 0});
  constant("variance", {9, 18, 20, 16});
  network.nodes.insert(
      network.nodes.begin() + 1,
      {"norm", "BatchNormalization", "", {"n", "gain", "shift", "mean", "variance"}, {"a"}, {}});
  infer_shapes(network);
  return network;
}

/// Of each channel of the first layer's outputs, less the batch norm's mean.
std::vector<double> shifted_means(const Network& network, const NetworkInputs& images) {
  const LayerSamples samples = open_session(network, {})->sample_layer(images, 0, {.positions = 36}, {});
  std::vector<double> means(4);
  for (int64_t i = 0; i < samples.outputs.rows; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      means[static_cast<std::size_t>(j)] += static_cast<double>(samples.outputs.at(i, j));
    }
  }
  for (std::size_t j = 0; j < 4; ++j) {
    means[j] = means[j] / static_cast<double>(samples.outputs.rows) -
               static_cast<double>(network.constants.at("mean").floats[j]);
  }
  return means;
}

// Least squares with a bias leave means as they are, over the samples, which here are all there is.
TEST(PropertyPruneNetwork, BatchNormsFindTheDenseNetworksMeansAfterAnyNumberOfRounds) {
  for (const int rounds : {1, 3}) {
    PruneJob job = small_job();
    job.network = network_with_batch_norm();
    job.options = default_options(method_named("energy-aware"), 60, true, 1e6);
    job.options.epochs = job.options.final_epochs = 0;
    job.options.rounds = rounds;
    job.options.target.sparsity = 0.7;
    job.options.recipe.positions = 36;
    const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
    const NetworkInputs images = split_images(job).fit;
    const std::vector<double> dense = shifted_means(job.network, images);
    const std::vector<double> pruned = shifted_means(outcome.network, images);
    for (std::size_t j = 0; j < dense.size(); ++j) {
      EXPECT_NEAR(pruned[j], dense[j], 1e-3) << "channel " << j << ", rounds " << rounds;
    }
  }
}

// So that what is measured is what is written.
TEST(PropertyPruneNetwork, HalfPrecisionIsMeasuredAsAFileHoldsIt) {
  for (const int epochs : {0, 1}) {
    PruneJob job = small_job();
    for (auto& [name, tensor] : job.network.constants) {
      tensor.type = ElementType::float16;
    }
    round_constants(job.network);
    job.options.epochs = job.options.final_epochs = epochs;
    job.options.target.energy_share = 0.9;
    const PruneOutcome outcome = prune_network(job, nullptr, {}, {});
    Network written = outcome.network;
    round_constants(written);
    EXPECT_EQ(constants_of(written), constants_of(outcome.network)) << epochs << " epochs";
    EXPECT_NE(constants_of(written), constants_of(job.network)) << epochs << " epochs";
  }
}

TEST(ErrorsPruneNetwork, FiltersTooWideForLeastSquaresAreRefusedBeforeTheWork) {
  PruneJob job = small_job();
  job.network.layers[1].shape.c = 40000;
  Tensor& weights = job.network.constants.at("fc.weight");
  weights.shape = {3, 40000};
  weights.floats.resize(3 * 40000, 1);
  job.options.target.sparsity = 0.5;
  EXPECT_EQ(error_of([&] { check_job(job); }),
            "small.onnx: layer 'fc': has 40000 weights in a filter, and at most 32768 can be refitted; leave "
            "it as it is with --keep 'fc'");
  job.options.limits = {{"fc", 0}};
  EXPECT_EQ(error_of([&] { check_job(job); }), "no error");
}

/// With images for the final accuracy.
PruneJob evaluated_job() {
  PruneJob job = small_job();
  job.options.target.sparsity = 0.5;
  job.evaluation = random_images(20);
  job.evaluation_name = "tests";
  return job;
}

TEST(ErrorsPruneNetwork, ImagesThatTellNoAccuracyAreRefusedBeforeTheWork) {
  PruneJob job = evaluated_job();
  const auto said = [&] { return error_of([&] { check_job(job); }); };
  EXPECT_EQ(said(), "no error");
  job.evaluation->labels[7] = 3;
  EXPECT_EQ(
      said(),
      "tests: has an image with the label 3, but small.onnx tells 3 classes apart; labels must be below "
      "the number of classes");
  job.evaluation->labels.clear();
  EXPECT_EQ(said(), "tests: has no labels, so that no accuracy can be measured on it; give labelled images");
}

TEST(ErrorsPruneNetwork, ClassFoldersThatAreNumberedOtherwiseAreRefused) {
  PruneJob job = evaluated_job();
  const auto said = [&] { return error_of([&] { check_job(job); }); };
  job.evaluation->class_names = {"bird", "cat", "dog"};
  EXPECT_EQ(said(), "no error");  // The others have labels of their own.
  job.calibration.class_names = {"monday", "tuesday"};
  EXPECT_EQ(said(), "no error") << "the network tells three classes apart";
  job.calibration.class_names = {"bird", "cat", "dog"};
  EXPECT_EQ(said(), "no error");
  job.evaluation->class_names = {"bird", "cat"};
  EXPECT_EQ(said(), "no error");
  job.evaluation->class_names = {"bird", "dog"};
  EXPECT_EQ(
      said(),
      "tests: has 'dog' as class 1, which is 'cat' in random; classes are numbered in the order of their "
      "folders' names: both must have the same");
}

TEST(ErrorsPruneNetwork, AnImpossibleBoundOfMemoryIsSaidAtTheStart) {
  PruneJob job = rounds_job();
  job.options.memory = 1e6;
  EXPECT_EQ(error_of([&] { prune_network(job, nullptr, {}, {}); }),
            "--memory: is 0.00 GB; pruning small.onnx takes up to 0.66 GB, most of it for layer fc; give "
            "more, or prune on fewer images");
}

TEST(PropertyPruneNetwork, LittleMemoryChangesNothing) {
  PruneJob job = rounds_job();
  const Constants free = constants_of(prune_network(job, nullptr, {}, {}).network);
  job.options.memory = memory_needed(job, job.options.recipe.images).bytes;  // Nothing is left for maps.
  EXPECT_EQ(constants_of(prune_network(job, nullptr, {}, {}).network), free);
}

// SqueezeNet v1.0 has 0.86e9 MACs, GoogLeNet 1.58e9: 1.3 bytes for each beyond 0.9e9.
TEST(UnitMemoryNeed, LargeNetworksKeepMoreMaps) {
  PruneJob job = rounds_job();
  const auto kept_with = [&](int64_t channels) {
    job.network.layers.resize(1);
    job.network.layers[0].shape = {.n = 1, .k = channels, .c = channels, .p = 100, .q = 100, .r = 1, .s = 1};
    return most_kept_bytes(job, 1000);
  };
  EXPECT_EQ(kept_with(10), 200'000'000U);
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double most = std::max(200e6, machine / 16);
  EXPECT_EQ(kept_with(300), 200'000'000U);  // 0.9e9
  EXPECT_NEAR(static_cast<double>(kept_with(400)), std::min(200e6 + 1.3 * 0.7e9, most), 1);
  EXPECT_NEAR(static_cast<double>(kept_with(30000)), most, 1);
  job.options.memory = memory_needed(job, 1000).bytes + 4e6;
  EXPECT_NEAR(static_cast<double>(most_kept_bytes(job, 1000)), 1e6, 1);
}

/// The least energy that keeps the accuracy, by a bisection of several rounds.
PruneJob search_job() {
  PruneJob job = rounds_job();
  job.options = default_options(method_named("auto"), 60, true, 1e6);
  job.options.target.max_drop = 0.3;
  job.options.epochs = job.options.final_epochs = 0;
  return job;
}

/// @param most states that are gone on from, evenly spread
/// @return how many states there were
std::size_t expect_same_from_every_state(const PruneJob& job, std::size_t most = 1000) {
  const TemporaryFolder folder;
  const Constants undisturbed = constants_of(prune_network(job, nullptr, {}, {}).network);

  std::vector<fs::path> snapshots;
  std::string last_state;
  const auto keep_snapshot = [&](const Progress&) {
    std::string state;
    for (const char* file : {"state.yaml", "trials-1.yaml", "trials-2.yaml"}) {
      const fs::path path = folder.path() / "run" / file;
      state += fs::exists(path) ? read_file(path) : std::string();
    }
    if (!state.empty() && state != last_state) {
      last_state = std::move(state);
      snapshots.push_back(folder.path() / fmt::format("snapshot-{}", snapshots.size()));
      fs::copy(folder.path() / "run", snapshots.back());
    }
  };
  RunFolder run(folder.path() / "run", {}, false, always);
  EXPECT_EQ(constants_of(prune_network(job, &run, keep_snapshot, {}).network), undisturbed);
  for (std::size_t i = 0; i < snapshots.size(); i += 1 + snapshots.size() / most) {
    RunFolder resumed(snapshots[i], {}, true, always);
    EXPECT_EQ(constants_of(prune_network(job, &resumed, {}, {}).network), undisturbed) << snapshots[i];
  }
  return snapshots.size();
}

TEST(PropertyPruneNetwork, EveryStateOfTheFolderLeadsToTheSameNetwork) {
  // The dense network's figures; plan, two layers and an epoch; the round's end; plan, two layers, two
  // epochs.
  EXPECT_GE(expect_same_from_every_state(rounds_job()), 9U);
}

// The first rate is too high, so that schedules are given up before one helps.
TEST(PropertyPruneNetwork, EveryStateOfSchedulesGivenUpLeadsToTheSameNetwork) {
  const PruneJob job = job_on_few_images(0.5, 6);
  const Network untuned = prune_network(job_on_few_images(0.5, 0), nullptr, {}, {}).network;
  std::vector<double> rates;
  const auto keep_rates = [&](const Progress& progress) {
    if (const auto at = progress.detail.find("rate "); at != std::string::npos) {
      rates.push_back(std::stod(progress.detail.substr(at + 5)));
    }
  };
  const Network tuned = prune_network(job, nullptr, keep_rates, {}).network;
  ASSERT_LT(held_back_divergence(job, tuned), held_back_divergence(job, untuned));
  ASSERT_LT(std::count(rates.begin(), rates.end(), rates.front()), 6);
  ASSERT_EQ(std::count(rates.begin(), rates.end(), rates.back()), 6);
  EXPECT_GE(expect_same_from_every_state(job, 5), 6U);
}

TEST(PropertyPruneNetwork, EveryTrialLeadsToTheSameNetwork) {
  PruneJob job = small_job();
  job.options.target.energy_share = 0.6;
  // The dense network's figures; two layers and a group of channels; plan, two layers, and the end.
  EXPECT_GE(expect_same_from_every_state(job), 7U);
}

/// What trying told of the job's network, but for its first layer, which nothing may leave.
TrialResults trials_against_the_first_layer(const PruneJob& job) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), {}, false);
  prune_network(job, &run, {}, {});
  TrialResults results = run.load_trials(1);
  EXPECT_EQ(results.layers.size(), job.network.layers.size());
  results.layers.at(0).losses.assign(results.layers.at(0).losses.size(), 1e30);
  for (auto& [index, trial] : results.groups) {
    trial.losses.assign(trial.losses.size(), 1e30);
  }
  return results;
}

TEST(UnitPruneNetwork, WhatTryingToldIsNotTriedAgain) {
  PruneJob job = small_job();
  job.options.target.energy_share = 0.8;
  const TrialResults results = trials_against_the_first_layer(job);
  EXPECT_LT(prune_network(job, nullptr, {}, {}).result.layers.at(0).density_after, 1);
  const TemporaryFolder folder;
  RunFolder run(folder.path(), {}, false);
  run.save_trials(1, results);
  EXPECT_EQ(prune_network(job, &run, {}, {}).result.layers.at(0).density_after, 1);
}

TEST(UnitPruneNetwork, AFrontsFirstRunKeepsWhatTryingTold) {
  PruneJob job = small_job();
  job.options.target.energy_share = 0.9;
  const TrialResults results = trials_against_the_first_layer(job);
  const TemporaryFolder folder;
  RunFolder(folder.path() / "0.9", {}, false).save_trials(1, results);
  std::vector<double> densities;
  prune_front(
      job, {0.9, 0.8},
      {.open_run =
           [&](const PruneJob& each) {
             const auto path = folder.path() / fmt::format("{}", *each.options.target.energy_share);
             return std::make_unique<RunFolder>(path, std::map<std::string, std::string>(), true);
           },
       .finish = [&](const PruneOutcome& outcome, double,
                     const RunFolder*) { densities.push_back(outcome.result.layers.at(0).density_after); }},
      {}, {});
  EXPECT_EQ(densities, (std::vector<double>{1, 1}));
}

TEST(UnitPruneNetwork, TrialsOfAnotherNetworkAreRefused) {
  PruneJob job = small_job();
  job.options.target.energy_share = 0.8;
  TrialResults results = trials_against_the_first_layer(job);
  results.groups.at(0).order.at(0) = 4;
  const TemporaryFolder folder;
  RunFolder run(folder.path(), {}, false);
  run.save_trials(1, results);
  EXPECT_EQ(error_of([&] { prune_network(job, &run, {}, {}); }),
            folder.path().string() +
                ": keeps what trying told of another network; start the run again in a new folder");
}

TEST(PropertyPruneNetwork, EveryStateOfASearchLeadsToTheSameNetwork) {
  // Of a round at least the plan, a layer and the end.
  EXPECT_GE(expect_same_from_every_state(search_job(), 4), 7U);
}

}  // namespace
}  // namespace mj
