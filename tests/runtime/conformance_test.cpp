#include <fmt/format.h>
#include <gtest/gtest.h>
#include <onnx/defs/schema.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "base/files.h"
#include "conformance_cases.h"
#include "runtime/executable_operators.h"
#include "tiny_network.h"

namespace mj {
namespace {

const std::string document = MJ_SOURCE_DIR "/docs/operators.md";

/// The operator sets from 7 to 17 that define the operator, and those that gave it another definition.
std::string opsets_of(std::string_view op) {
  constexpr int first_opset = 7;
  constexpr int last_opset = 17;
  std::map<int, bool> definitions;  // whether it is deprecated, by operator set
  for (const auto& schema : onnx::OpSchemaRegistry::get_all_schemas_with_history()) {
    if (schema.domain().empty() && schema.Name() == op && schema.since_version() <= last_opset) {
      definitions[schema.since_version()] = schema.Deprecated();
    }
  }
  if (definitions.empty()) {
    return "later than 17";
  }
  const auto [newest, is_deprecated] = *definitions.rbegin();
  const int last = is_deprecated ? newest - 1 : last_opset;
  std::string changes;
  for (const auto& [opset, deprecated] : definitions) {
    if (!deprecated && opset > first_opset && opset != definitions.begin()->first) {
      changes += fmt::format("{}{}", changes.empty() ? "; changed in " : ", ", opset);
    }
  }
  const int first = std::max(first_opset, definitions.begin()->first);
  return first == last ? fmt::format("{}", first) : fmt::format("{} to {}{}", first, last, changes);
}

std::string counted(std::string_view op, const std::vector<ConformanceCase>& cases) {
  int there = 0;
  int passed = 0;
  for (const ConformanceCase& each : cases) {
    const bool is_its = op.empty() || each.operators.contains(std::string(op));
    there += is_its ? 1 : 0;
    passed += is_its && each.out_of_scope.empty() && each.failure.empty() ? 1 : 0;
  }
  return fmt::format("{} of {}", passed, there);
}

std::string document_text(const std::vector<ConformanceCase>& cases) {
  std::string text = fmt::format(
      "# Operators\n\n"
      "What `mj eval`, `mj prune` and `mj estimate --data` execute of ONNX's operators. `mj estimate` alone "
      "needs shapes only: it goes on\nwith operators that are not here, and names them. The others end with "
      "exit status 3 and name node, operator and operator set.\n\n"
      "Floats are computed as float32, integers and booleans as int64.\n\n"
      "The cases are ONNX's own (Debian's libonnx-testdata: node, simple, pytorch-operator, "
      "pytorch-converted). An operator's cases are those\nwhose graphs contain it, beside none that is not "
      "here. A case passes when shapes and integers are equal and floats within 1e-4 of the\nexpected value "
      "(1e-6 near zero). `tools/write_operators.sh` writes this page; a test compares it with what "
      "passes.\n\n"
      "**{} cases pass.**\n\n"
      "| operator | operator sets | cases passed |\n|---|---|---|\n",
      counted("", cases));
  for (const auto op : executable_operators()) {
    text += fmt::format("| {} | {} | {} |\n", op, opsets_of(op), counted(op, cases));
  }
  text +=
      "\nRefused with a sentence that says so: BatchNormalization that normalizes each element by itself "
      "(`spatial` = 0), Dropout that drops in\ntraining mode, and of later operator sets AveragePool with "
      "dilations and Resize with `antialias` or a `keep_aspect_ratio_policy`.\nBatchNormalization in "
      "training "
      "mode runs only with the batch that the graph was written for.\n";
  text += "\nOut of scope:\n\n| case | why |\n|---|---|\n";
  for (const ConformanceCase& each : cases) {
    if (!each.out_of_scope.empty()) {
      text += fmt::format("| {} | {} |\n", each.name, each.out_of_scope);
    }
  }
  return text;
}

TEST(GoldenConformance, EveryCaseOfOnnxGivesItsOutputsAndIsCountedInTheDocument) {
  if (!has_conformance_cases()) {
    GTEST_SKIP() << "needs Debian's package libonnx-testdata";
  }
  const auto cases = run_conformance_cases();
  for (const ConformanceCase& each : cases) {
    EXPECT_EQ(each.failure, "") << each.name;
  }
  std::printf("%s conformance cases pass\n", counted("", cases).c_str());
  const std::string text = document_text(cases);
  if (std::getenv("MJ_WRITE_OPERATORS") != nullptr) {
    write_file_atomically(document, text);
  }
  EXPECT_TRUE(read_file(document) == text) << document << " is stale: tools/write_operators.sh writes it";
}

/// Whether the runtime knows the operator, whatever it says of its operands.
bool knows(const std::string& op) {
  try {
    open_session(TinyNetwork().input("x", {1}).node(op, {"x"}, "y").build({"y"}), one_thread());
  } catch (const InputError& error) {
    return std::string_view(error.what()).find("cannot be executed") == std::string_view::npos ||
           std::string_view(error.what()).find("operator " + op) == std::string_view::npos;
  }
  return true;
}

TEST(GoldenConformance, TheListOfExecutableOperatorsIsThatOfTheModule) {
  for (const auto& schema : onnx::OpSchemaRegistry::get_all_schemas()) {
    if (schema.domain().empty()) {
      EXPECT_EQ(knows(schema.Name()), is_executable({"", schema.Name(), "", {}, {}, {}})) << schema.Name();
    }
  }
  for (const auto op : executable_operators()) {
    EXPECT_TRUE(knows(std::string(op))) << op;
  }
}

}  // namespace
}  // namespace mj
