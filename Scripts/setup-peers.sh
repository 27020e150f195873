#!/bin/sh
# Builds the OpenBLAS side of `make bench-peers` and installs OpenBLAS if it is missing: setup-peers.sh PROGRAM
set -eu

program=$1
source=$(dirname "$0")/../Benchmarks/Peers/openblas_gemm.c

# Homebrew keeps its OpenBLAS apart from Apple's.
flags=""
if command -v brew >/dev/null 2>&1; then
  folder=$(brew --prefix openblas)
  flags="-I$folder/include -L$folder/lib"
fi

build() {
  mkdir -p "$(dirname "$program")"
  # shellcheck disable=SC2086 # several flags, none with spaces
  ${CC:-cc} -O2 $flags "$source" -o "$program" -lopenblas
}

build 2>/dev/null && exit 0

echo "binade: installing OpenBLAS"
if command -v apt-get >/dev/null 2>&1; then
  sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends libopenblas-dev >/dev/null
elif command -v brew >/dev/null 2>&1; then
  brew install --quiet openblas
else
  echo "binade: install OpenBLAS with its headers by hand, then try again" >&2
  exit 1
fi
build
