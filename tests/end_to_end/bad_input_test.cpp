// Every place where a file goes in gets missing, empty, cut and random files: exit 3, one sentence that names
// the file, nothing written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "base/random.h"
#include "end_to_end/program.h"
#include "temporary_folder.h"

namespace {

using testing::HasSubstr;
using testing::Not;

std::string random_bytes(std::size_t count) {
  mj::Random random(1);
  std::string bytes(count, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random.below(256));
  }
  return bytes;
}

void expect_file_refused(const std::vector<std::string>& arguments, const std::string& name) {
  const ProgramRun run = run_mj(arguments);
  EXPECT_EQ(run.exit_code, 3) << name << "\n" << run.errors;
  EXPECT_THAT(run.errors, HasSubstr(name));
  EXPECT_THAT(run.errors, Not(HasSubstr("internal")));
  EXPECT_EQ(run.output, "");
}

/// Bad variants of a file that is good as it is.
std::vector<std::filesystem::path> bad_files(const TemporaryFolder& folder, const std::string& good,
                                             const std::string& extension) {
  std::vector<std::filesystem::path> files{folder.path() / ("missing" + extension)};
  const auto add = [&](const std::string& name, const std::string& content) {
    files.push_back(folder.path() / (name + extension));
    mj::write_file_atomically(files.back(), content);
  };
  add("empty", "");
  add("cut", good.substr(0, good.size() / 2));
  add("random", random_bytes(1000));
  return files;
}

TEST(EndToEndBadInput, ModelsAreRefused) {
  const TemporaryFolder folder;
  for (const auto& file : bad_files(folder, mj::read_file(example_network()), ".onnx")) {
    expect_file_refused({"estimate", file}, file);
    expect_file_refused({"eval", file, "--data", "fashion-mnist:test"}, file);
    const auto output = folder.path() / "out.onnx";
    expect_file_refused({"prune", file, "--data", "fashion-mnist:train", "-o", output}, file);
    EXPECT_FALSE(std::filesystem::exists(output));
  }
}

TEST(EndToEndBadInput, LayerListsAreRefused) {
  const TemporaryFolder folder;
  const std::string good = "1,31,31,48,4,0,16,5,5,48,256,0,16,27,27,256,4,0.5,16,1,1,0,0,0,0\n";
  for (const auto& file : bad_files(folder, good, ".csv")) {
    expect_file_refused({"estimate", file}, file);
  }
}

TEST(EndToEndBadInput, AcceleratorsAreRefused) {
  const TemporaryFolder folder;
  const std::string good = run_mj({"hw", "show", "eyeriss"}).output;
  for (const auto& file : bad_files(folder, good, ".yaml")) {
    expect_file_refused({"estimate", example_network(), "--hw", file}, file);
    expect_file_refused({"hw", "check", file}, file);
  }
}

TEST(EndToEndBadInput, MappingsAreRefused) {
  const TemporaryFolder folder;
  for (const auto& file :
       bad_files(folder, "accelerator: eyeriss\nlayers:\n  CONV1: { rs: { m: 96, n: 1", ".yaml")) {
    expect_file_refused({"estimate", example_network(), "--mapping", file}, file);
  }
}

TEST(EndToEndBadInput, PreprocessingsAreRefused) {
  const TemporaryFolder folder;
  for (const auto& file : bad_files(folder, "mean: [0.5\nstd: [", ".yaml")) {
    expect_file_refused({"eval", example_network(), "--data", "fashion-mnist:test", "--preprocess", file},
                        file);
  }
}

TEST(EndToEndBadInput, DatasetsAreRefused) {
  const TemporaryFolder folder;
  const auto missing = folder.path() / "none";
  expect_file_refused({"eval", example_network(), "--data", missing}, missing);
  for (const char* name : {"train-images-idx3-ubyte", "data_batch_1.bin", "a.jpg"}) {
    for (const std::string& content : {std::string(), random_bytes(500)}) {
      const auto data = folder.path() / "data";
      std::filesystem::remove_all(data);
      std::filesystem::create_directory(data);
      mj::write_file_atomically(data / name, content);
      if (std::string(name) == "train-images-idx3-ubyte") {
        mj::write_file_atomically(data / "train-labels-idx1-ubyte", content);
      }
      if (std::string(name) == "a.jpg") {
        mj::write_file_atomically(data / "labels.txt", "a.jpg 3\n");
        expect_file_refused({"eval", example_network(), "--data", data}, data);
      } else {
        expect_file_refused({"eval", example_network(), "--data", data.string() + ":train"}, data);
        expect_file_refused({"eval", example_network(), "--data", data.string() + ":test"}, data);
      }
    }
  }
}

TEST(EndToEndBadInput, AnOutputThatCannotBeWrittenIsRefusedBeforeTheWork) {
  expect_file_refused(
      {"prune", example_network(), "--data", "fashion-mnist:train", "-o", "no/such/folder/out.onnx"},
      "no/such/folder/out.onnx");
}

TEST(EndToEndBadInput, OutputsDoNotWriteOverEachOtherOrTheModel) {
  const TemporaryFolder folder;
  const std::string model = folder.path() / "net.onnx";
  const std::string same = folder.path() / "." / "net.onnx";
  const std::string content = mj::read_file(example_network());
  mj::write_file_atomically(model, content);
  const auto expect_refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const ProgramRun run = run_mj(arguments);
    EXPECT_EQ(run.exit_code, 2) << run.errors;
    EXPECT_EQ(run.errors, "mj: " + message + "; name another file\n");
    EXPECT_EQ(run.output, "");
  };
  expect_refused({"prune", model, "--data", "fashion-mnist:train", "-o", model},
                 "--output: would write over MODEL: both name " + model);
  expect_refused({"prune", model, "--data", "fashion-mnist:train", "-o", "out.onnx", "--json", "./out.onnx"},
                 "--json: would write over --output: both name ./out.onnx");
  expect_refused({"estimate", model, "--json", same}, "--json: would write over MODEL: both name " + same);
  expect_refused({"estimate", model, "--json", "-", "--csv", "-"},
                 "--csv: would write over --json: both name standard output");
  expect_refused({"eval", model, "--data", "fashion-mnist:test", "--json", model},
                 "--json: would write over MODEL: both name " + model);
  expect_refused({"compare", model, "--json", model}, "--json: would write over MODEL: both name " + model);
  EXPECT_TRUE(mj::read_file(model) == content);
}

TEST(EndToEndBadInput, AnUnknownCommandIsNamed) {
  const ProgramRun run = run_mj({"prnue", "net.onnx"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.errors, "mj: 'prnue' is no command; commands are estimate, eval, prune, compare and hw\n");
}

TEST(EndToEndBadInput, AnUnknownAcceleratorNamesTheKnownOnes) {
  const ProgramRun run = run_mj({"estimate", example_network(), "--hw", "eyeris"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.errors, HasSubstr("eyeriss-cvpr17"));
}

}  // namespace
