// A network with an operator that nobody knows: what needs shapes alone goes on and names it, what executes
// the network ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "end_to_end/program.h"
#include "onnx/onnx_file.h"
#include "temporary_folder.h"

namespace {

using testing::HasSubstr;

/// The example network with its first activation function under another name.
std::string write_network(const TemporaryFolder& folder) {
  mj::Network network = mj::read_onnx(example_network());
  for (mj::Node& node : network.nodes) {
    if (node.op == "Relu") {
      node = {"odd", "Frobnicate", "", node.inputs, node.outputs, {}};
      break;
    }
  }
  network.envelope.clear();
  const auto file = folder.path() / "odd.onnx";
  mj::write_onnx(network, file);
  return file;
}

TEST(EndToEndUnknownOperator, EstimateGoesOnAndNamesIt) {
  const TemporaryFolder folder;
  const ProgramRun run = run_mj({"estimate", write_network(folder)});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_THAT(run.output, HasSubstr("Frobnicate (node 'odd')"));
}

TEST(EndToEndUnknownOperator, EvalAndPruneNameNodeOperatorAndOpset) {
  if (!has_fashion_mnist()) {
    GTEST_SKIP() << "needs Debian's package dataset-fashion-mnist";
  }
  const TemporaryFolder folder;
  const std::string file = write_network(folder);
  for (const auto& arguments : {std::vector<std::string>{"eval", file, "--data", "fashion-mnist:test"},
                                {"prune", file, "--data", "fashion-mnist:train", "-o", file + ".out"}}) {
    const ProgramRun run = run_mj(arguments);
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_THAT(run.errors, HasSubstr("node 'odd' (Frobnicate): operator Frobnicate of opset "));
  }
}

}  // namespace
