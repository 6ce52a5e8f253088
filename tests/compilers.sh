#!/bin/bash
# Build everything by each compiler at each level of optimisation, with warnings
# as errors, those of the linker too, and run the unit tests of each build.
# usage: tests/compilers.sh BUILD [COMPILER ...]    default: gcc clang
# OPTS="-O0,-O3 -flto": only these levels
# Ends with a line for each build; exit status 1 if one of them failed.
set -u
cd "$(dirname "$0")/.." || exit 2
B=$1
shift
[ $# -gt 0 ] || set -- gcc clang
failed=0
IFS=, read -ra opts <<<"${OPTS:--O0,-Og,-Os,-O2 -D_FORTIFY_SOURCE=3,-O3 -flto}"

# LTO of clang needs a linker that reads its objects.
links() { # COMPILER FLAGS
	local out rc
	out=$(mktemp -d) || exit 2
	# shellcheck disable=SC2086 # words
	echo 'int main(void) { return 0; }' |
		$1 $2 -x c -o "$out/a" - >/dev/null 2>&1
	rc=$?
	rm -rf "$out"
	return $rc
}

for cc; do
	if ! command -v "$cc" >/dev/null; then
		echo "$cc: FAILED: not installed"
		failed=1
		continue
	fi
	for opt in "${opts[@]}"; do
		if ! links "$cc" "$opt"; then
			echo "$cc $opt: skipped: $cc does not link a program so"
			continue
		fi
		rm -rf "$B/compilers"
		mkdir -p "$B/compilers"
		if make B="$B/compilers" -j"$(nproc)" CI=1 CC="$cc" OPT="$opt" \
			all testtools unit >"$B/compilers/log" 2>&1 &&
			! grep -n 'warning:' "$B/compilers/log"; then
			echo "$cc $opt: clean"
		else
			tail -n 40 "$B/compilers/log"
			echo "$cc $opt: FAILED"
			failed=1
		fi
	done
done
rm -rf "$B/compilers"
exit $failed
