#!/bin/sh
# Kills a study of 200 runs 50 times at random moments, then lets two processes share another: no run is lost or done twice, and
# the exports are those of a study that was left alone, byte for byte.
# usage: Scripts/test-study.sh [BINADE]     a minute
set -eu
binade="${1:-$(dirname "$0")/../.build/release/binade}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cat >"$folder/study.yaml" <<'END'
study: killed
formats: [int2, int3, int4, int5, int6, int7, int8, q1.2, q3.4, q1.6]
calibration: [max, mse, percentile, octav]
ends: [none, int8, int7, int6, int5]
limit: 100
calibrationImages: 16
END
export_of() { "$binade" study export --store "$1" --output "$1.csv"; }
start=$(date +%s)
"$binade" study run "$folder/study.yaml" --store "$folder/whole.sqlite" >"$folder/whole.txt"
echo "left alone: $(($(date +%s) - start)) s"
export_of "$folder/whole.sqlite"
killed=0
while [ "$killed" -lt 50 ]; do
  "$binade" study run "$folder/study.yaml" --store "$folder/killed.sqlite" >/dev/null 2>&1 &
  run=$!
  sleep "$(awk "BEGIN { srand($killed); printf \"%.3f\", 0.1 + rand() * 0.4 }")"
  kill -KILL "$run" 2>/dev/null || true
  wait "$run" 2>/dev/null && { echo "the study ended before it was killed 50 times: $killed"; exit 1; }
  killed=$((killed + 1))
done
"$binade" study run "$folder/study.yaml" --store "$folder/killed.sqlite" >"$folder/killed.txt"
export_of "$folder/killed.sqlite"
"$binade" study run "$folder/study.yaml" --store "$folder/shared.sqlite" >/dev/null &
one=$!
"$binade" study run "$folder/study.yaml" --store "$folder/shared.sqlite" >/dev/null
wait "$one"
export_of "$folder/shared.sqlite"
for store in killed shared; do
  cmp "$folder/whole.sqlite.csv" "$folder/$store.sqlite.csv"
done
lines=$(wc -l <"$folder/whole.sqlite.csv")
[ "$lines" -eq 201 ] || { echo "$lines lines, not 201"; exit 1; }
echo "killed $killed times, shared by two: 200 runs, the same bytes"
