#!/usr/bin/env bash
# Runs every line of the documents' ```sh blocks that calls mj, in a folder that holds network.onnx and the architectures of tools/zoo as
# zoo/, and the ```yaml blocks that begin with "# NAME.yaml" as files; fails with the first that fails. Usage: tools/run_doc_commands.sh PROGRAM WRITE_ZOO
set -euo pipefail
program=$(realpath "$1")
write_zoo=$(realpath "$2")
source=$(realpath "$(dirname "$0")/..")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$source/examples/fashion_mnist/network.onnx" "$folder/"
ln -s "$program" "$folder/mj"
cd "$folder"
"$write_zoo" zoo
awk '/^```yaml$/ {first = 1; next} /^```/ {file = ""} first {first = 0; file = /^# [a-z]+[.]yaml$/ ? $2 : ""} file != "" {print > file}' "$source"/docs/*.md
PATH="$folder:$PATH"

count=0
while IFS= read -r command; do
  echo "+ $command"
  bash -c "$command" >out.txt 2>err.txt || { echo "failed: $command"; cat out.txt err.txt; exit 1; }
  count=$((count + 1))
done < <(awk '/^```sh$/ {inside = 1; next} /^```/ {inside = 0} inside && /^mj /' "$source"/README.md "$source"/docs/*.md)
if [ "$count" -eq 0 ]; then
  echo "no command found in the documents"
  exit 1
fi
echo "$count commands of the documents run"
