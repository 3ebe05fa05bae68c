#!/usr/bin/env bash
# clang-tidy over src/ (not src/runtime/torch: clang-tidy 14 cannot read libtorch's headers as C++20), on all processors.
# Usage: tools/run_tidy.sh [FILE.cpp ...]
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset tidy >/dev/null
cmake --build build/tidy --target build/tidy/generated/embedded_data.cpp >/dev/null 2>&1 || true
files=("$@")
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(find src -name '*.cpp' -not -path 'src/runtime/torch/*' | sort)
fi
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p build/tidy --quiet 2> >(grep -vE 'warnings? generated|Suppressed|Use -header-filter' >&2)
echo "clang-tidy: ${#files[@]} files are clean"
