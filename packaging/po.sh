#!/bin/sh
# Is a language complete?
# usage: packaging/po.sh FILE.po
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
root=$(cd "$(dirname "$0")/.." && pwd)
msgfmt --check --check-accelerators=_ --output-file="$dir/mo" "$1"
# what the sources have now, with its translations
msgmerge --quiet --no-fuzzy-matching --output-file="$dir/now.po" "$1" "$root/po/certauth.pot"
for what in untranslated only-fuzzy; do
	msgattrib --no-obsolete --"$what" "$dir/now.po" >"$dir/lacks"
	if grep -q '^msgid' "$dir/lacks"; then
		echo "$1: these texts are $what:" >&2
		grep -A 3 '^msgid "[^"]' "$dir/lacks" >&2 || cat "$dir/lacks" >&2
		exit 1
	fi
done
python3 "$root/packaging/po.py" "$1"
