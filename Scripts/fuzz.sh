#!/bin/sh
# Gives every loader inputs that libFuzzer makes: fuzz.sh SECONDS [TARGET ...], SECONDS for each target.
#
# Starts from the kept inputs in Fuzzing/Corpus and keeps what it finds in .build-fuzz/corpus; an input that traps,
# hangs for 10 seconds, leaks or takes 2 GiB ends the run and lies in .build-fuzz/artifacts.
# fuzz.sh keep: takes the smallest inputs that reach all of what was found into Fuzzing/Corpus.
set -eu
cd "$(dirname "$0")/.."

all="definition codebook block safetensors npy idx cifar certificate results"
seconds=$1
shift
targets=${*:-$all}
scratch=.build-fuzz

# -enable-testing: the loaders are no public API. The sanitizer needs lld; gold cannot link it.
swift build --package-path Fuzzing --scratch-path "$scratch" --configuration release --product binade-fuzz \
  -Xswiftc -enable-testing -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld \
  -Xcc -fsanitize=fuzzer-no-link,address
fuzz="$scratch/release/binade-fuzz"
mkdir -p "$scratch/artifacts"
# Swift's own backtraces take seconds; libFuzzer keeps the input.
export SWIFT_BACKTRACE=enable=no

# Bytes of an input: what a loader reads of a small file.
limit() {
  case $1 in
  cifar) echo 6146 ;;
  safetensors) echo 16384 ;;
  results) echo 8192 ;;
  *) echo 4096 ;;
  esac
}

for target in $targets; do
  kept="Fuzzing/Corpus/$target"
  found="$scratch/corpus/$target"
  mkdir -p "$kept" "$found"
  if [ "$seconds" = keep ]; then
    # Small inputs only: the corpus is part of the repository.
    smaller="$scratch/corpus/$target.smaller"
    rm -rf "$smaller" && mkdir -p "$smaller"
    "$fuzz" "$target" -merge=1 -max_len="$(limit "$target")" "$smaller" "$kept" "$found" >/dev/null 2>&1
    python3 Scripts/keep-corpus.py "$smaller" "$kept"
    continue
  fi
  dictionary="Fuzzing/Dictionaries/$target.dict"
  [ -f "$dictionary" ] || dictionary=Fuzzing/Dictionaries/none.dict
  log="$scratch/$target.log"
  if ! "$fuzz" "$target" -max_total_time="$seconds" -max_len="$(limit "$target")" -timeout=10 -rss_limit_mb=2048 \
    -dict="$dictionary" -artifact_prefix="$scratch/artifacts/$target-" -print_final_stats=1 \
    "$found" "$kept" >"$log" 2>&1 </dev/null; then
    echo "fuzz: $target failed; the input lies in $scratch/artifacts" >&2
    tail -n 40 "$log" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
  cover=$(sed -n 's/.* cov: \([0-9]*\) ft.*/\1/p' "$log" | tail -n 1)
  echo "fuzz: $target: $runs inputs, $cover edges, at most $peak MiB: no crash, hang or leak"
done
