// What `mj prune` takes, and what it refuses before it reads an image: one sentence with the option, its
// value and what would be right, and nothing written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "end_to_end/quick_prune.h"
#include "network/weights.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

/// With data that is not there: words that are in order end with exit 3, in its name.
ProgramRun prune_with(const TemporaryFolder& folder, const Words& words) {
  Words arguments{"prune", example_network(), "-o", folder.path() / "out.onnx", "--data", "no-such-folder"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  ProgramRun run = run_mj(arguments);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "something was written";
  EXPECT_EQ(run.output, "");
  return run;
}

void expect_taken(const Words& words) {
  const TemporaryFolder folder;
  const ProgramRun run = prune_with(folder, words);
  EXPECT_EQ(run.exit_code, 3) << words.back() << "\n" << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("no-such-folder: does not exist"));
}

void expect_refused(const Words& words, const std::string& sentence) {
  const TemporaryFolder folder;
  const ProgramRun run = prune_with(folder, words);
  EXPECT_EQ(run.exit_code, 2) << words.back() << "\n" << run.errors;
  EXPECT_THAT(run.errors, AllOf(HasSubstr(sentence), Not(HasSubstr("internal"))));
}

TEST(EndToEndPruneOptions, SwitchesAreTakenBothWays) {
  const ProgramRun help = run_mj({"prune", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* name :
       {"channels", "couple", "variants", "match-variance", "compensate", "mix", "feature-maps"}) {
    const std::string yes = std::string("--") + name;
    const std::string no = std::string("--no-") + name;
    EXPECT_THAT(help.output, AllOf(HasSubstr(yes), HasSubstr(no)));
    expect_taken({yes});
    expect_taken({no});
    expect_refused({yes, no}, "excludes");
    expect_refused({no, yes}, "excludes");
  }
}

TEST(EndToEndPruneOptions, BudgetsAreTakenOneAtATime) {
  expect_taken({"--energy", "40%"});
  expect_taken({"--energy", "0.4", "--max-drop", "1%"});
  expect_taken({"--latency", "100%"});
  expect_refused({"--energy", "50%", "--sparsity", "50%"}, "--sparsity");
  expect_refused({"--energy", "50%", "--energy-mj", "1"}, "--energy-mj");
  expect_refused({"--energy", "50%", "--latency", "50%"}, "--latency");
}

TEST(EndToEndPruneOptions, WrongSharesAreNamed) {
  const std::string right = "write a percentage from 0% to 100%, or a number from 0 to 1";
  for (const char* option : {"--energy", "--latency", "--sparsity", "--max-drop"}) {
    for (const char* value : {"120%", "-5%", "abc", "nan", "40 %", "1e9", "%"}) {
      expect_refused({option, value}, std::string(option) + ": '" + value + "' is no share; " + right);
    }
    expect_refused({option, ""}, std::string(option) + ": is empty");
  }
  for (const char* option : {"--energy", "--latency"}) {
    expect_refused({option, "0"}, std::string(option) + ": '0' is what no network takes; write more than 0");
  }
}

TEST(EndToEndPruneOptions, WrongNumbersAreNamed) {
  expect_refused({"--energy-mj", "nan"}, "--energy-mj: 'nan' is no number from 1e-12 to 1000000000000");
  expect_refused({"--energy-mj", "-1"}, "--energy-mj: '-1' is no number from");
  expect_refused({"--images", "0"}, "--images: '0' is no whole number from 1 up");
  expect_refused({"--images", "1e3"}, "--images: '1e3' is no whole number from 1 up");
  expect_refused({"--seed", "-1"}, "--seed: '-1' is no whole number from 0 up");
  expect_refused({"--rounds", "0"}, "--rounds: '0' is no whole number from 1 to 1000");
  expect_refused({"--damping", "nan"}, "--damping: 'nan' is no number from 0 to 1000");
  expect_refused({"--step", "1"}, "--step: '1' is no number from 0.001 to 0.9");
  expect_refused({"--batch", "0"}, "--batch: '0' is no whole number from 1 to 1048576");
  expect_refused({"--memory", "inf"}, "--memory: 'inf' is no amount of memory; write 4GB or 512MB");
}

TEST(EndToEndPruneOptions, WrongLimitsAreNamed) {
  expect_taken({"--layer", "conv?=max:70%", "--keep", "fc*"});
  for (const char* text : {"conv1", "=max:70%", "conv1=max:"}) {
    expect_refused({"--layer", text},
                   std::string("--layer: '") + text + "' is no limit; write PATTERN=max:70%");
  }
  expect_refused({"--layer", "conv1=max:170%"}, "--layer: '170%' is no share");
}

TEST(EndToEndPruneOptions, ValuesThatAreMissingAreNamed) {
  expect_refused({"--run", ""}, "--run: is empty");
  expect_refused({"--resume"}, "--resume requires --run");
  expect_refused({"--method", "l0"}, "--method");
}

// So that the command, put right, may have the folder of that name.
TEST(EndToEndPruneOptions, WhatCannotBeDoneLeavesNoRunBehind) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const auto run_folder = folder.path() / "run";
  const auto expect_none = [&](const Words& words, const std::string& sentence) {
    Words arguments{"prune", example_network(), "-o", folder.path() / "out.onnx"};
    const Words rest{"--data", "fashion-mnist:train", "--energy", "60%", "--run", run_folder};
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    arguments.insert(arguments.end(), words.begin(), words.end());
    const ProgramRun run = run_mj(arguments);
    EXPECT_EQ(run.exit_code, 3) << run.errors;
    EXPECT_THAT(run.errors, HasSubstr(sentence));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << words.front();
  };
  expect_none({"--images", "100", "--keep", "nosuch"}, "has no layer 'nosuch'; its 6 layers are conv1");
  expect_none({"--images", "100", "--memory", "10MB"}, "--memory: is 0.01 GB");
  expect_none({"--images", "5"}, "holds 5 images for pruning; at least 10 are needed");
}

/// Before images are looked for.
void expect_model_refused(const mj::Network& network, const std::string& name, const std::string& sentence) {
  const TemporaryFolder folder;
  const auto model = folder.path() / name;
  mj::write_onnx(network, model);
  const ProgramRun run =
      run_mj({"prune", model, "-o", folder.path() / "out.onnx", "--data", "no-such-folder"});
  EXPECT_EQ(run.exit_code, 3) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr(name + ": " + sentence));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.onnx"));
}

TEST(EndToEndPruneOptions, ANetworkWithoutLayersIsRefused) {
  mj::Network network;
  network.opset = 13;
  network.inputs = {{"x", {-1, 1, 28, 28}}};
  network.outputs = {{"y", {-1, 1, 28, 28}}};
  network.nodes = {{"relu", "Relu", "", {"x"}, {"y"}, {}}};
  expect_model_refused(network, "relu.onnx",
                       "has no convolution or matrix product; there is nothing to prune");
}

TEST(EndToEndPruneOptions, PlaceholdersOfWeightsAreRefused) {
  mj::Network network;
  network.opset = 13;
  network.inputs = {{"x", {-1, 2}}};
  network.outputs = {{"y", {-1, 2}}};
  network.constants["sizes"] = {mj::ElementType::int64, {2}, {}, {2, 2}};
  network.nodes = {{"fill", "ConstantOfShape", "", {"sizes"}, {"v"}, {}},
                   {"fc", "MatMul", "", {"x", "v"}, {"y"}, {}}};
  expect_model_refused(network, "filled.onnx",
                       "fc: reads weights that node 'fill' (ConstantOfShape) computes; weights must be "
                       "constants or what executable nodes make of some");
}

// The same network, its weights once as constants and once as what nodes make of others.
TEST(EndToEndPruneOptions, ComputedWeightsArePrunedAsConstantsAre) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  mj::Network network = mj::read_onnx(example_network());
  const mj::MacLayer& layer = network.layers.back();
  mj::Tensor weights = network.constants.at(layer.weights);
  network.constants["sizes"] = {
      mj::ElementType::int64, {static_cast<int64_t>(weights.shape.size())}, {}, weights.shape};
  network.constants.erase(layer.weights);
  weights.shape = {mj::element_count(weights.shape)};
  network.constants["flat"] = std::move(weights);
  network.nodes.insert(network.nodes.begin(),
                       {"shape", "Reshape", "", {"flat", "sizes"}, {layer.weights}, {}});
  network.envelope.clear();
  const auto computed = folder.path() / "computed.onnx";
  mj::write_onnx(network, computed);
  const auto pruned = [&](const std::filesystem::path& model) {
    const auto out = folder.path() / "out.onnx";
    const ProgramRun run = run_mj({"prune", model, "-o", out, "--data", "fashion-mnist:train", "--images",
                                   "50", "--sparsity", "20%", "--fine-tune", "0", "--method", "magnitude"});
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    return mj::read_onnx(out);
  };
  const mj::Network one = pruned(example_network());
  const mj::Network other = pruned(computed);
  ASSERT_EQ(one.layers.size(), other.layers.size());
  for (std::size_t l = 0; l < one.layers.size(); ++l) {
    EXPECT_EQ(mj::weight_matrix(one, one.layers[l]).values, mj::weight_matrix(other, other.layers[l]).values);
  }
  EXPECT_EQ(one.nodes.size(), other.nodes.size());
}

TEST(EndToEndPruneOptions, WhatChangesNothingIsSaid) {
  MJ_NEED_FASHION_MNIST();
  const TemporaryFolder folder;
  const ProgramRun run =
      run_mj({"prune", example_network(), "-o", folder.path() / "out.onnx", "--data", "fashion-mnist:train",
              "--images", "50", "--sparsity", "20%", "--fine-tune", "0", "--method", "magnitude", "--couple",
              "--damping", "0.1", "--no-variants"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_THAT(run.errors, AllOf(HasSubstr("mj: --couple changes nothing with --method magnitude\n"),
                                HasSubstr("mj: --damping changes nothing with --method magnitude\n"),
                                Not(HasSubstr("--variants"))));
}

}  // namespace
