#!/bin/sh
# Tests the kernels for processors that this machine is not: those for 64-bit ARM run under QEMU, against the formulas;
# every file of kernels is compiled for x86-64 and for 64-bit ARM without a warning.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "test-emulated: $1" >&2
  exit 1
}

# The compiler that builds the package: Clang, that of Swift where there is one.
clang=$(dirname "$(readlink -f "$(command -v swift)" 2>/dev/null)")/clang
[ -x "$clang" ] || clang=$(command -v clang) || fail "clang is not installed; it comes with Swift"

# On 64-bit ARM with Linux nothing needs to be emulated.
native=$(uname -s)-$(uname -m)
emulator=""
linker=cc
root=""
if [ "$native" != Linux-aarch64 ]; then
  emulator=qemu-aarch64
  linker=aarch64-linux-gnu-gcc
  root=/usr/aarch64-linux-gnu
  if ! command -v $emulator >/dev/null 2>&1 || ! command -v $linker >/dev/null 2>&1; then
    command -v apt-get >/dev/null 2>&1 ||
      fail "install these by hand, then try again: $emulator, $linker (Debian: qemu-user gcc-aarch64-linux-gnu)"
    packages="qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
    sudo=""
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null 2>&1 || fail "run as root: apt-get install $packages"
      sudo="sudo"
    fi
    echo "test-emulated: installing $emulator and $linker"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $packages >/dev/null
  fi
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Functions that stand in for absent kernels use none of their parameters.
flags="-O2 -Wall -Wextra -Werror -Wno-unused-parameter -ISources/CBinadeKernels/include"
arm="--target=aarch64-linux-gnu"
[ -z "$root" ] || arm="$arm -nostdlibinc -isystem $root/include"
x86="--target=x86_64-linux-gnu"
# Headers of the C library say little about the processor: those at hand serve for both.
[ "$(uname -m)" = x86_64 ] || x86="$x86 -fsyntax-only"

objects=""
for source in Sources/CBinadeKernels/*.c; do
  name=$(basename "$source" .c)
  "$clang" $x86 $flags -c "$source" -o "$work/x86-$name.o"
  "$clang" $arm $flags -c "$source" -o "$work/arm-$name.o"
  objects="$objects $work/arm-$name.o"
done

# The second program must find the bug that is planted in each of its checks.
build() {
  "$clang" $arm $flags $2 -c Tests/Emulated/kernels.c -o "$work/$1.o"
  $linker "$work/$1.o" $objects -static -lm -o "$work/$1"
}
build right ""
build wrong -DPLANT_BUG
$emulator "$work/right" || fail "a kernel differs from its formula"
if $emulator "$work/wrong" >"$work/report"; then
  grep "not caught" "$work/report" >&2 || true
  fail "a planted bug was not caught"
fi
tail -n 1 "$work/report"
