#!/bin/sh
# Runs a study as a job array of a real Slurm, started here for the test: 40 shards, of which one loses its program, one its whole
# task, and one is requeued. It ends complete, with the bytes of a study that was left alone. Needs root, as the daemons do.
# usage: Scripts/test-slurm.sh [BINADE]     a minute or two
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
binade="$(realpath "${1:-$here/../.build/release/binade}")"
folder="$(mktemp -d /tmp/binade-slurm-XXXXXX)"
trap 'sh "$here/slurm-loopback.sh" stop "$folder/slurm"; rm -rf "$folder"' EXIT
environment="$(sh "$here/slurm-loopback.sh" start "$folder/slurm" 40)"
eval "$environment"
cd "$folder"
cat >study.yaml <<'END'
study: clustered
formats: [int2, int3, int4, int5, int6, int7, int8, q1.2, q3.4, q1.6]
calibration: [max, mse, percentile, octav]
ends: [none, int8, int7, int6, int5]
limit: 1000
calibrationImages: 16
END
"$binade" study run study.yaml --store whole.sqlite >/dev/null
"$binade" study export --store whole.sqlite --output whole.csv

until_done() { # COMMAND ...: until it succeeds; a task may not have begun
  tries=0
  until "$@" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { echo "in vain: $*" >&2; return 1; }
    sleep 0.02
  done
}
program_of() { pgrep -o -f -- "study run .*--shard $1/40 .*--store"; }
kill_program() { kill -KILL "$(program_of "$1")"; }
kill_task() { kill -KILL "-$(ps -o pgid= -p "$(program_of "$1")" | tr -d ' ')"; }
requeue() { program_of "$1" >/dev/null && scontrol requeue "$(squeue --noheader --array --name=binade-clustered --format=%i | grep "_$1\$")"; }

"$binade" study run study.yaml --store results.sqlite --slurm --shards 40
until_done kill_program 38
until_done kill_task 39
until_done requeue 40
echo "killed the program of shard 38, the whole task of shard 39, requeued shard 40"
"$binade" study status clustered --store results.sqlite

waited=0
until [ -z "$(squeue --noheader --name=binade-clustered)" ]; do
  waited=$((waited + 1))
  [ "$waited" -lt 300 ] || { echo "the jobs did not end" >&2; squeue >&2; exit 1; }
  sleep 1
done
"$binade" study status clustered --store results.sqlite
"$binade" study export --store results.sqlite --output results.csv
cmp whole.csv results.csv || { tail -n 20 results.sqlite.slurm/clustered/*.txt >&2; exit 1; }
rounds=$(cat results.sqlite.slurm/clustered/collect.txt 2>/dev/null | grep -c 'Submitted batch job' || true)
[ "$rounds" -ge 1 ] || { echo "nothing was submitted again: the killed task was not noticed" >&2; exit 1; }
begun=$(ls results.sqlite.slurm/clustered/shard-*.sqlite | wc -l)
[ "$begun" -eq 40 ] || { echo "$begun shards, not 40" >&2; exit 1; }
[ "$("$binade" study run study.yaml --store results.sqlite --slurm)" = "all 200 points have a result: nothing to submit" ]
echo "40 shards, three killed on the way: 200 runs, the bytes of a study left alone"
