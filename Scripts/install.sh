#!/bin/sh
# Installs the built program, its man page and completion scripts: Scripts/install.sh DESTDIR PREFIX.
#
# The program lies beside its definition files and its embedded network, where it looks for them, in libexec/binade;
# bin/binade is a link to it.
set -eu
cd "$(dirname "$0")/.."
root="$1$2"
built=$(swift build --configuration release --show-bin-path)

libexec="$root/libexec/binade"
rm -rf "$libexec"
mkdir -p "$libexec" "$root/bin" "$root/share/man/man1" "$root/share/bash-completion/completions" \
  "$root/share/zsh/site-functions" "$root/share/fish/vendor_completions.d"
install -m 755 "$built/binade" "$libexec/binade"
for resources in "$built"/Binade_*.resources "$built"/Binade_*.bundle; do
  if [ -d "$resources" ]; then cp -R "$resources" "$libexec/"; fi
done
ln -sf ../libexec/binade/binade "$root/bin/binade"

# The page is made from the program's own help, by the plug-in of swift-argument-parser.
pages=.build/plugins/GenerateManual/outputs/binade-cli
rm -rf "$pages"
swift package generate-manual --date "$(git log -1 --format=%cs 2>/dev/null || date +%F)" >"$built/manual.log" 2>&1 ||
  { cat "$built/manual.log" >&2; exit 1; }
install -m 644 "$pages/binade.1" "$root/share/man/man1/binade.1"

bash_completion="$root/share/bash-completion/completions/binade"
"$libexec/binade" --generate-completion-script bash >"$bash_completion"
# To bash a colon ends a word: quantizers (int8:channel) would not be completed.
echo 'COMP_WORDBREAKS=${COMP_WORDBREAKS//:/}' >>"$bash_completion"
"$libexec/binade" --generate-completion-script zsh >"$root/share/zsh/site-functions/_binade"
"$libexec/binade" --generate-completion-script fish >"$root/share/fish/vendor_completions.d/binade.fish"
echo "installed: $root/bin/binade, its man page, and completion for bash, zsh and fish"
