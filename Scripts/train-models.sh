#!/bin/sh
# Trains the embedded network from the embedded digits, in about a minute, and puts it in its place; with --check, says whether
# the file that lies there is its result, byte for byte.   usage: train-models.sh BINADE [--check]
set -eu
binade=$1
target=models/mnist5k/resnet8-mnist5k.safetensors
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Digits are neither mirrored nor moved far.
"$binade" train --epochs 40 --batch 32 --set crop=2 --set flip=false --seed 0 --output "$folder"
if [ "${2:-}" = --check ]; then
  cmp "$folder/model.safetensors" "$target" || {
    echo "train-models.sh: $target is not what training gives; 'make models' makes it anew" >&2
    exit 1
  }
  echo "$target is what training gives, byte for byte"
else
  cp "$folder/model.safetensors" "$target.new"
  mv "$target.new" "$target"
fi
