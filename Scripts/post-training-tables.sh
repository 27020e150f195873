#!/bin/sh
# Tables of post-training quantization on one network: results.csv, results.json and plots of each under OUTPUT.
# usage: Scripts/post-training-tables.sh MODEL DATA OUTPUT     a quarter of an hour for ResNet-20 on two cores
set -eu
[ $# -eq 3 ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
binade="$(dirname "$0")/../.build/release/binade"
compare() { # NAME FORMATS RECIPES
  echo "== $1"
  "$binade" compare --model "$model" --data "$data" --ends int8 --formats "$2" --ptq "$3" --output "$output/$1"
}
model=$1 data=$2 output=$3
compare activations float32/int4 \
  naive,naive+channel,aciq,aciq+tensor,aciq-after-relu,aciq-after-relu+tensor,gauss,mix,octav,mse,naive+alloc,aciq+alloc,mse+alloc
compare weights int4/float32,int3/float32 \
  naive,naive+affine,naive+bias,naive+bias-variance,naive+clip,naive+alloc,naive+alloc+bias,equalize,dfq,equalize+dfq,split,split+bias,vectors,vectors+bias,descent,adaround
compare both int8,int4,int3/int4 \
  naive,naive+bias,aciq,aciq+bias,aciq+alloc,aciq+alloc+bias,mse,mse+clip,mse+alloc+bias,mse+adaround,mse+descent,best
echo "== calibrations"
"$binade" compare --model "$model" --data "$data" --ends int8:channel:max/int8:tensor:max --output "$output/calibrations" \
  --formats "$(for x in max percentile percentile99.99 mse octav kl; do printf ',int4_narrow:channel:max/int4:tensor:%s' $x; done | cut -c2-)"
compare low int2/int4,int3,int2 aciq+alloc+bias,best
