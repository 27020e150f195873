#!/bin/sh
# Kills a training run 20 times, half of them while a checkpoint is being written, and resumes it each time; the end must be
# that of a run that was left alone, byte for byte.
# usage: Scripts/test-kill.sh [BINADE]     about a minute
set -eu
binade="${1:-$(dirname "$0")/../.build/release/binade}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
options="--limit 384 --batch 32 --epochs 60 --checkpoint-every 1 --set averageDecay=0.9"
train() { # OUTPUT [OPTION ...]
  output=$1
  shift
  # shellcheck disable=SC2086 # several options
  "$binade" train --output "$output" $options "$@" >/dev/null 2>"$folder/errors"
}
train "$folder/whole"
killed=0 written=0 start=1
while [ "$killed" -lt 20 ]; do
  resume=""
  [ -f "$folder/run/checkpoint.safetensors" ] && resume="--resume"
  # shellcheck disable=SC2086
  "$binade" train --output "$folder/run" $options $resume >/dev/null 2>&1 &
  run=$!
  if [ $((killed % 2)) -eq 0 ]; then
    sleep "$(awk "BEGIN { srand($start); printf \"%.3f\", 0.15 + rand() * 0.5 }")"
  else
    # Whatever is under a temporary name is being written.
    tries=0
    until ls "$folder"/run/.*.partial-* >/dev/null 2>&1 || [ $tries -gt 3000 ]; do tries=$((tries + 1)); done
    [ $tries -gt 3000 ] || written=$((written + 1))
  fi
  kill -KILL "$run" 2>/dev/null || true
  wait "$run" 2>/dev/null && { echo "the run ended before it was killed $killed times"; break; }
  killed=$((killed + 1)) start=$((start + 1))
done
resume=""
[ -f "$folder/run/checkpoint.safetensors" ] && resume="--resume"
# shellcheck disable=SC2086
train "$folder/run" $resume || { cat "$folder/errors"; exit 1; }
for file in checkpoint.safetensors model.safetensors history.csv; do
  cmp "$folder/whole/$file" "$folder/run/$file"
done
ls -A "$folder/run" | grep partial && { echo "a file that was half-written stayed"; exit 1; }
echo "killed $killed times, $written of them while a file was written: the same bytes"
