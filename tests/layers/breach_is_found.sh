#!/usr/bin/env bash
# The layer check must fail on an include of a later folder, and on a third-party header that the folder may not see.
set -euo pipefail
check=$(realpath "$(dirname "$0")/../../tools/check_layers.sh")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/docs" "$folder/src/base" "$folder/src/network"
cp "$(dirname "$check")/../docs/layers.txt" "$folder/docs/"

expect() {  # expect STATUS FILE TEXT
  rm -f "$folder"/src/*/*.h
  printf '%s\n' "$3" >"$folder/src/$2"
  status=0
  "$check" "$folder" >/dev/null 2>&1 || status=1
  if [ "$status" -ne "$1" ]; then
    echo "expected status $1 for '$3' in $2"
    exit 1
  fi
}
expect 0 network/a.h '#include "base/error.h"'
expect 1 base/a.h '#include "network/network.h"'
expect 0 base/a.h '#include <yaml-cpp/yaml.h>'
expect 1 network/a.h '#include <yaml-cpp/yaml.h>'
expect 1 network/a.h '#include <ATen/ATen.h>'
expect 1 network/a.h '#include <boost/any.hpp>'
