#!/bin/sh
# Reports of 200 runs, and of a study that trains and has a run that failed, looked at in Chromium at three widths, light and dark; the
# first has less than 3 MB, and is written as Markdown as well.
# usage: Scripts/test-report.sh [BINADE] [PICTURES]     two minutes; installs Chromium where it is missing and apt-get is there
set -eu
scripts="$(cd "$(dirname "$0")" && pwd)"
binade="${1:-$scripts/../.build/release/binade}"
case "$binade" in /*) ;; *) binade="$(pwd)/$binade" ;; esac
if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
fi
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >whole.yaml <<'END'
study: whole
formats: [int2, int3, int4, int5, int6, int7, int8, q1.2, q3.4, q1.6]
calibration: [max, mse, percentile, octav]
ends: [none, int8, int7, int6, int5]
limit: 100
calibrationImages: 16
END
cat >trained.yaml <<'END'
study: trained
architectures: [resnet8-cifar:x0.25, resnet8-cifar:x0.5]
trainImages: 512
train: "epochs=2,weights=int4,activations=int4"
seeds: [0, 1]
limit: 100
points: ["models=embedded formats=nosuchformat limit=100", "models=embedded formats=int4 ends=int8 limit=100"]
END
"$binade" study run whole.yaml --store whole.sqlite >/dev/null
"$binade" study run trained.yaml --store trained.sqlite >/dev/null
"$binade" explain --format int4 --limit 100 --output why >/dev/null
"$binade" study report --store whole.sqlite --output whole.html
"$binade" study report --store trained.sqlite --explained why/explanation.json --output trained.html
"$binade" study report --store whole.sqlite --output whole.md >/dev/null
size=$(wc -c <whole.html)
[ "$size" -lt 3000000 ] || { echo "the report of 200 runs has $size bytes, 3,000,000 are allowed"; exit 1; }
echo "the report of 200 runs has $size bytes"
python3 "$scripts/check-report.py" whole.html trained.html ${2:+--pictures "$2"}
