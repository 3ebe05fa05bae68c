#!/usr/bin/env bash
# The table of bench/fidelity stands in docs/model.md; those for which a network has to run are left out.
# Usage: figures_are_current.sh BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
build=$1
source=$2
"$source/bench/fidelity" "$build" energy search | grep '^| ' | while IFS= read -r row; do
  grep -qF "$row" "$source/docs/model.md" || { echo "docs/model.md lacks: $row"; exit 1; }
done
