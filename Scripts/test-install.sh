#!/bin/bash
# Installs into a scratch folder and checks that what is there works without the folder it was built in.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
built=$(cd "$(swift build --configuration release --show-bin-path)" && pwd -P)
restore() {
  if [ -d "$scratch/hidden" ]; then mv "$scratch/hidden" "$built"; fi
  rm -rf "$scratch"
}
trap restore EXIT

make --silent install DESTDIR="$scratch/stage" PREFIX=/usr
root="$scratch/stage/usr"

# Definition files and the embedded network come from beside the program.
mv "$built" "$scratch/hidden"
page=$("$root/bin/binade" formats show int4)
result=$("$root/bin/binade" evaluate --weights int8 --activations int8 --limit 20)
mv "$scratch/hidden" "$built"

grep -q '^  bits  *4$' <<<"$page"
grep -q '^top-1' <<<"$result"
grep -q '^\.Nm binade' "$root/share/man/man1/binade.1"
grep -q 'compare' "$root/share/man/man1/binade.1"
for script in bash-completion/completions/binade zsh/site-functions/_binade fish/vendor_completions.d/binade.fish; do
  test -s "$root/share/$script"
done

# bash completes names of formats, in the middle of a list and after a colon.
PATH="$root/bin:$PATH"
source "$root/share/bash-completion/completions/binade"
complete_line() {
  COMP_LINE="$1"
  COMP_POINT=${#COMP_LINE}
  shift
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _binade binade "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || true
  echo "${COMPREPLY[*]}"
}
expect() {
  if [ "$1" != "$2" ]; then
    echo "completion: expected '$1', found '$2'" >&2
    exit 1
  fi
}
set +u
expect "hif8 hifloat8" "$(complete_line 'binade formats show hif' binade formats show hif)"
expect "int4,float8_ue5m3" "$(complete_line 'binade compare --formats int4,float8_u' binade compare --formats int4,float8_u)"
expect "int8:channel" "$(complete_line 'binade compare --formats int8:ch' binade compare --formats int8:ch)"
case "$COMP_WORDBREAKS" in *:*) echo "completion: bash still ends words at colons" >&2; exit 1 ;; esac
echo "install: program, man page and completion work"
