#!/bin/sh
# Builds the plug-in package of Examples/SinhFormat by path (without optimization: half the time) and runs what its
# notebook shows: every `$ binade-sinh` block of notebooks-md/01-add-a-format.md must print what stands there.
set -eu
cd "$(dirname "$0")/.."

swift build --package-path Examples/SinhFormat --product binade-sinh
program=$(swift build --package-path Examples/SinhFormat --show-bin-path)/binade-sinh
python3 Scripts/replay-console.py notebooks-md/01-add-a-format.md binade-sinh "$program"

# A name with a number that the family does not have is refused by the family, in a sentence.
if message=$("$program" formats show sinh40_a3 2>&1); then
  echo "sinh40_a3 should have been refused" >&2
  exit 1
fi
case "$message" in
  *"'n' is 40; allowed: 3 to 16"*) ;;
  *) echo "not the sentence expected: $message" >&2; exit 1 ;;
esac
