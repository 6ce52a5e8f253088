#!/usr/bin/env bats
# shellcheck disable=SC2016 # for other shells to expand
# docs/security.md cannot rot: each test that it names exists, and each claim
# that something cannot be done names one.  The same for docs/limits.md: each
# file that it names exists, and no bound stands twice.

HERE=${BATS_TEST_DIRNAME%/tests}

# every `FILE: NAME' of the text, a line each
named() {
	tr '\n' ' ' <"$HERE/docs/security.md" | tr -s ' ' |
		grep -oE '`[a-z0-9_]+\.(bats|c): [^`]+`' |
		sed 's/^`//; s/`$//'
}

exists() {
	local file=${1%%: *} name=${1#*: }
	case $file in
	*.bats) grep -qF "@test \"$name\" {" "$HERE/tests/$file" ;;
	*) grep -qE "cmocka_unit_test\\(($name)\\)|^test_?$name\\(|^$name\\(" \
		"$HERE/tests/unit/$file" ;;
	esac
}

@test "every test that docs/security.md names exists" {
	local line n=0 bad=0
	while IFS= read -r line; do
		n=$((n + 1))
		if ! exists "$line"; then
			echo "there is no test: $line"
			bad=1
		fi
	done < <(named)
	echo "$n tests are named"
	[ "$n" -gt 60 ]
	[ $bad -eq 0 ]
	# and the look-up can fail
	run exists 'host.bats: no such test'
	[ "$status" -ne 0 ]
	run exists 'test_rules.c: no_such_test'
	[ "$status" -ne 0 ]
}

@test "every claim that something cannot be done names its test" {
	# a claim is a list item; those that only point to a section are not
	run awk '
		function done_() {
			if (item ~ /[Cc]annot/ && item !~ /: see "/ &&
			    item !~ /`[a-z0-9_]+\.(bats|c): /) {
				print item
				bad = 1
			}
			item = ""
		}
		/^## What remains/ { done_(); exit }
		/^- / { done_(); item = $0; next }
		/^  / { if (item != "") item = item " " $0; next }
		{ done_() }
		END { exit bad }' "$HERE/docs/security.md"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^- Cannot\|cannot' "$HERE/docs/security.md")" -gt 30 ]
}

# the bounds of limits.md FILE that stand twice in one section, and the files
# that it names and that do not exist
bad_limits() {
	awk -F' *[|] *' '
		/^## / { delete seen }
		/^[|] / && seen[$2]++ { print "twice: " $2 }' "$1"
	grep -oE '\b(src|tests)/[a-z0-9_/]+\.(c|h|bats)' "$1" | sort -u |
		while IFS= read -r file; do
			[ -e "$HERE/$file" ] || echo "no such file: $file"
		done
}

@test "docs/limits.md: no bound stands twice, and each file that it names exists" {
	local copy=$BATS_TEST_TMPDIR/limits.md
	[ "$(grep -c '^| .*src/' "$HERE/docs/limits.md")" -gt 30 ]
	run bad_limits "$HERE/docs/limits.md"
	echo "$output"
	[ -z "$output" ]
	# and it can fail
	sed -e '/^| mapping /{p;p;}' -e 's|src/map/fold.c|src/map/gone.c|' \
		"$HERE/docs/limits.md" >"$copy"
	run bad_limits "$copy"
	echo "$output"
	[[ $output == *'twice: mapping'* ]]
	[[ $output == *'no such file: src/map/gone.c'* ]]
}
