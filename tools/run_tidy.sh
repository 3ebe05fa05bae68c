#!/usr/bin/env bash
# clang-tidy over src/ (not src/runtime/torch: clang-tidy 14 cannot read libtorch's headers as C++20), on all processors. Without
# arguments the files of a module are read together, since the standard library's headers take most of the time.
# Usage: tools/run_tidy.sh [FILE.cpp ...]
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$([ $# -gt 0 ] && echo tidy || echo tidy-whole)
build=build/$preset
cmake --preset "$preset" >/dev/null
files=("$@")
count=$#
if [ $# -eq 0 ]; then
  mapfile -t files < <(find "$build/src" -name 'unity_*.cxx' -not -path '*/runtime/torch/*' | sort)
  count=$(cat "${files[@]}" | grep -c "^#include \"$PWD/src/.*[.]cpp\"$")
  # Some checks look at the main file alone: the sources stand in it instead of being included.
  for file in "${files[@]}"; do
    awk -v source="$PWD/src/" '
      /^#include / && substr($2, 2, length(source)) == source {
        name = substr($2, 2, length($2) - 2)
        print "#line 1 \"" name "\""
        while ((getline line < name) > 0) print line
      }' "$file" >"$file.whole"
    mv "$file.whole" "$file"
  done
fi

# clang-tidy names a line of what it read; where that came from stands in the last #line above.
name_sources() {
  awk '
    match($0, /^[^ :]*unity_[0-9]+_cxx[.]cxx:[0-9]+:/) {
      split(substr($0, 1, RLENGTH), place, ":")
      rest = substr($0, RLENGTH + 1)
      for (i = 1; i < place[2] && (getline line < place[1]) > 0; ++i)
        if (line ~ /^#line 1 /) { name = substr(line, 10, length(line) - 10); first = i + 1 }
      close(place[1])
      print name ":" place[2] - first + 1 ":" rest
      next
    }
    { print }'
}

printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet \
  2> >(grep -vE 'warnings? generated|Suppressed|Use -header-filter' >&2) | name_sources
echo "clang-tidy: $count files are clean"
