#!/bin/sh
# Installs the system packages Binade needs and checks that Swift is there and new enough.
set -eu

fail() {
  echo "binade: $1" >&2
  exit 1
}

need_swift="6.2"
command -v swift >/dev/null 2>&1 ||
  fail "Swift is not installed; get $need_swift or newer from https://swift.org/install"
found_swift=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
oldest=$(printf '%s\n%s\n' "$need_swift" "$found_swift" | sort -V | head -n 1)
[ "$oldest" = "$need_swift" ] ||
  fail "Swift $found_swift is too old; get $need_swift or newer from https://swift.org/install"

missing=""
has_mpfr() {
  pkg-config --exists mpfr 2>/dev/null || [ -f /usr/include/mpfr.h ]
}
command -v pkg-config >/dev/null 2>&1 || missing="$missing pkg-config"
has_mpfr || missing="$missing mpfr"
pkg-config --exists libturbojpeg 2>/dev/null || missing="$missing libjpeg-turbo"
pkg-config --exists libpng 2>/dev/null || missing="$missing libpng"
pkg-config --exists sqlite3 2>/dev/null || missing="$missing sqlite"
command -v gnuplot >/dev/null 2>&1 || missing="$missing gnuplot"
[ -n "$missing" ] || exit 0
echo "binade: installing$missing"

if command -v apt-get >/dev/null 2>&1; then
  sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
      fail "run as root: apt-get install pkg-config libmpfr-dev libgmp-dev libturbojpeg0-dev libpng-dev libsqlite3-dev gnuplot-nox"
    sudo="sudo"
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
    pkg-config libmpfr-dev libgmp-dev libturbojpeg0-dev libpng-dev libsqlite3-dev gnuplot-nox >/dev/null
elif command -v brew >/dev/null 2>&1; then
  brew install --quiet pkgconf mpfr gmp jpeg-turbo libpng sqlite gnuplot
else
  fail "install these by hand, then try again:$missing (MPFR with headers, GMP, libjpeg-turbo, libpng, SQLite, gnuplot)"
fi
