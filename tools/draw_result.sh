#!/usr/bin/env bash
# Draws a prune result's energy by layer, before and after, as SVG. Needs gnuplot-nox and jq.
# Usage: tools/draw_result.sh RESULT.json OUT.svg
set -euo pipefail
result=$1
out=$2
table=$(mktemp)
trap 'rm -f "$table"' EXIT

jq -r '.layers[] | [.name, .energy_before / 1e6, .energy_after / 1e6] | @tsv' "$result" >"$table"
title=$(jq -r '"Energy an image on \(.accelerator): \(100 * .after.energy / .before.energy | round) % of the dense network, top-1 \(1000 * .before.top1 | round / 10) to \(1000 * .after.top1 | round / 10) %"' "$result")
gnuplot <<PLOT
set terminal svg size 760,320 font 'sans-serif,13' background 'white'
set output '$out'
set title "$title"
set ylabel '1e6 MACs'
set style data histograms
set style histogram clustered gap 1
set style fill solid noborder
set boxwidth 0.9
set grid ytics linecolor '#dddddd'
set border 3
set tics nomirror
set yrange [0:*]
set key top left
plot '$table' using 2:xtic(1) title 'dense' linecolor '#9aa5b1', '' using 3 title 'pruned' linecolor '#0b7285'
PLOT
