#!/usr/bin/env bash
# Installs what is missing, builds, prunes the example network on Fashion-MNIST, prints the result and leaves it in build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "demo: installing what is missing and building (once)"
scripts/setup.sh
if [ ! -f build/release/CMakeCache.txt ]; then
  cmake --preset release -DMJ_BUILD_TESTS=OFF -DMJ_BUILD_BENCHMARKS=OFF >/dev/null
fi
cmake --build --preset release --target mj millijoule_runtime

mkdir -p build/demo
rm -f build/demo/pruned.onnx build/demo/result.json build/demo/report.txt
echo "demo: pruning examples/fashion_mnist/network.onnx for energy (a few minutes)"
start=$SECONDS
build/release/mj prune examples/fashion_mnist/network.onnx -o build/demo/pruned.onnx \
  --data fashion-mnist:train --eval fashion-mnist:test \
  --hw eyeriss-cvpr17 --batch 4 --energy 38% --method energy-aware --fine-tune 1 \
  --json build/demo/result.json | tee build/demo/report.txt
echo "demo: done in $((SECONDS - start)) s; pruned.onnx, result.json and report.txt are in build/demo"
