#!/usr/bin/env bash
# Writes docs/operators.md from what passes of ONNX's conformance cases (Debian's libonnx-testdata).
# Usage: tools/write_operators.sh [BUILD_FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
MJ_WRITE_OPERATORS=1 "${1:-build/release}/tests/mj_test_runtime" --gtest_filter='GoldenConformance.EveryCase*'
