#!/usr/bin/env bash
# Installs what building and testing Millijoule needs on Debian 12. Run as root or with sudo rights. Safe to run again.
set -euo pipefail

packages=(
  g++ cmake ninja-build git ca-certificates
  libtorch-dev libonnx-dev libprotobuf-dev protobuf-compiler
  libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev
  libopenblas-dev liblapacke-dev
  libturbojpeg0-dev libpng-dev zlib1g-dev
  dataset-fashion-mnist
)
if [ "${1:-}" = "--tests" ]; then
  packages+=(libgtest-dev libgmock-dev libbenchmark-dev libonnx-testdata clang-format clang-tidy)
fi

missing=()
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "setup: everything is installed"
  exit 0
fi

echo "setup: installing ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "setup: done"
