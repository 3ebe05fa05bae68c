#pragma once

#include <set>
#include <string>
#include <vector>

/// One of ONNX's own test cases, whose nodes the runtime all executes by name.
struct ConformanceCase {
  std::string name;
  std::set<std::string> operators;
  std::string out_of_scope;  ///< why it is not run; empty where it is
  std::string failure;       ///< what was wrong; empty where it passed or was not run
};

/// Whether Debian's package libonnx-testdata is installed.
bool has_conformance_cases();

/// Runs the cases of the package's groups node, simple, pytorch-operator and pytorch-converted; sorted by
/// name. Floats pass within 1e-4 of the expected value, or 1e-6 of zero; shapes and integers must be equal.
std::vector<ConformanceCase> run_conformance_cases();
