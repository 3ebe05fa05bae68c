#!/usr/bin/env bash
# Installs into an empty folder, builds examples/use_library against it and runs that and the installed program.
# Usage: use_installed_library.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build=$1
source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --install "$build" --prefix "$folder/prefix" >/dev/null
cmake -S "$source/examples/use_library" -B "$folder/example" -DCMAKE_PREFIX_PATH="$folder/prefix" >/dev/null
cmake --build "$folder/example" >/dev/null
network=$source/examples/fashion_mnist/network.onnx
"$folder/example/layer_energy" "$network" | tee "$folder/layers.txt"
grep -q '^conv5 ' "$folder/layers.txt"
"$folder/prefix/bin/mj" estimate "$network" | grep -q '^total'
if [ -d /usr/share/datasets/fashion-mnist ]; then
  # The runtime module is found where it was installed.
  "$folder/prefix/bin/mj" eval "$network" --data fashion-mnist:test --images 100 | grep -q 'top-1'
fi
