#!/bin/sh
# Four-bit formats, each with what the others get: results.csv, results.json and plots of each under OUTPUT.
# usage: Scripts/four-bit-tables.sh MODEL DATA OUTPUT     half an hour for ResNet-20 on two cores, most of it for 'best'
set -eu
[ $# -eq 3 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
here="$(dirname "$0")"
binade="${BINADE:-$here/../.build/release/binade}"
model=$1 data=$2 output=$3
singles="int4 int4_codebook int4_narrow nf4 float4_e2m1fn posit4 pot4 lns2.1"
blocks="mxfp4_e2m1 nvfp4 bfp4"
compare() { # NAME FORMATS [OPTION ...]
  name=$1 formats=$2
  shift 2
  echo "== $name"
  "$binade" compare --model "$model" --data "$data" --format-folder "$here/../Examples/FourBits" --ends int8 \
    --formats "$formats" --output "$output/$name" "$@"
}
listed() { echo "$@" | tr ' ' ','; }
with() { # CALIBRATION FORMAT ...
  calibration=$1
  shift
  for format in "$@"; do printf ',%s:channel:%s/%s:tensor:%s' "$format" "$calibration" "$format" "$calibration"; done | cut -c2-
}
compare max "$(with max $singles),$(listed $blocks)"
compare mse "$(with mse $singles),$(for format in $blocks; do printf ',%s:mse' "$format"; done | cut -c2-)"
compare without-zero-point "$(with max int4 int4_codebook),$(with mse int4 int4_codebook)" --zero-point none
compare best "$(listed $singles $blocks)" --ptq best
