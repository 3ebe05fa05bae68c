#!/usr/bin/env bash
# Writes every architecture and estimates each on the row-stationary presets, AlexNet on all; MACs and weights of those that tests/zoo/published.txt lists must be the published
# ones. Usage: estimate_all.sh MJ WRITE_ZOO
set -euo pipefail
mj=$1
write_zoo=$2
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$write_zoo" "$folder"
for accelerator in $("$mj" hw list | awk '{ print $1 }'); do
  # Loop nests are searched for much longer than row-stationary mappings: one network, and not to the proof.
  case $accelerator in
    eyeriss*) models=("$folder"/*.onnx) limit=() ;;
    *) models=("$folder/alexnet.onnx") limit=(--time-limit 0.2) ;;
  esac
  for model in "${models[@]}"; do
    "$mj" estimate "$model" --hw "$accelerator" "${limit[@]}" --csv "$folder/layers.csv" >/dev/null
    [ -s "$folder/layers.csv" ] || { echo "$model on $accelerator: no layers"; exit 1; }
  done
done

grep -v '^#' "$here/published.txt" | while read -r name macs weights _; do
  "$mj" estimate "$folder/$name.onnx" --csv - |
    awk -F, -v name="$name" -v macs="$macs" -v weights="$weights" '
      NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
      { all_macs += $column["macs"]; all_weights += $column["weights"] }
      function off(ours, published) { return ours < 0.97 * published || ours > 1.03 * published }
      END {
        printf "%-20s %.4g MACs (%.4g published), %.4g weights (%.4g published)\n", name, all_macs, macs, all_weights, weights
        exit off(all_macs, macs) || off(all_weights, weights)
      }'
done
