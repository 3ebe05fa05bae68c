#!/usr/bin/env bash
# Fails on an include that breaks docs/layers.txt: a header of a later folder, or a third-party header that the folder may not see.
# Usage: tools/check_layers.sh [FOLDER], the folder that holds docs/ and src/ (default: this repository).
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

awk '
  FNR == NR {                                   # docs/layers.txt
    if ($0 ~ /^#/ || $0 ~ /^[[:space:]]*$/) next
    folder = $1; sub(/:$/, "", folder)
    rank[folder] = ++count
    for (i = 2; i <= NF; ++i) { allowed[folder, $i] = 1; third[$i] = 1 }
    next
  }
  FNR == 1 {
    split(FILENAME, parts, "/"); folder = parts[2]
    if (!(folder in rank)) { print FILENAME ": folder " folder " is not in docs/layers.txt"; bad = 1 }
  }
  match($0, /^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]+"/) {
    path = $0; sub(/^[^"]*"/, "", path); sub(/".*/, "", path)
    n = split(path, include, "/")
    if (n < 2 || !(include[1] in rank)) { print FILENAME ":" FNR ": include \"" path "\" by its path from src/"; bad = 1 }
    else if (rank[include[1]] > rank[folder]) {
      print FILENAME ":" FNR ": " folder " must not see " path " (docs/layers.txt)"; bad = 1
    }
  }
  match($0, /^[[:space:]]*#[[:space:]]*include[[:space:]]*<[^>]+>/) {
    path = $0; sub(/^[^<]*</, "", path); sub(/>.*/, "", path)
    split(path, include, "/")
    if ((include[1] in third) && !((folder, include[1]) in allowed)) {
      print FILENAME ":" FNR ": " folder " must not see <" path "> (docs/layers.txt)"; bad = 1
    }
    # A third-party header has a folder or .h; the standard and POSIX ones that are used are listed here.
    if (!(include[1] in third) && path ~ /[.\/]/ && path !~ /^(fcntl|fnmatch|unistd|sched|signal|dlfcn|malloc|pthread)\.h$/ && path !~ /^sys\//) {
      print FILENAME ":" FNR ": <" path "> is no header that docs/layers.txt knows"; bad = 1
    }
  }
  END { exit bad }
' docs/layers.txt $(find src -name '*.h' -o -name '*.cpp' | sort)
echo "layers: in order"
