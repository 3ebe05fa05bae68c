#!/usr/bin/env bash
# Installs what is missing, builds, and runs every check: style, layers, clang-tidy, the optimised build with all tests, the modules' tests under
# sanitizers. Leaves the program in build/release.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
export OMP_WAIT_POLICY=passive
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}

step 'what is installed'
scripts/setup.sh --tests

step 'style and layers'
git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run --Werror
tools/check_layers.sh

step 'optimised build'
cmake --preset release -DMJ_BUILD_TESTS=ON -DMJ_BUILD_BENCHMARKS=ON >/dev/null
cmake --build --preset release --target all train_fashion_mnist

step 'all tests, optimised'
ctest --preset release

step 'clang-tidy'
tools/run_tidy.sh

step 'build with sanitizers, warnings are errors'
cmake --preset dev-whole >/dev/null
cmake --build --preset dev-whole

step 'tests of the modules with sanitizers'
ctest --preset dev-whole
step 'passed'
