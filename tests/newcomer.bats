#!/usr/bin/env bats
# CONTRIBUTING.md, docs/architecture.md and docs/style.md cannot rot: the files,
# functions, texts and targets that CONTRIBUTING.md names exist, every room of src
# has a row in docs/architecture.md, and that row agrees with tests/lib/layers.sh.
bats_require_minimum_version 1.5.0

HERE=${BATS_TEST_DIRNAME%/tests}

# stale FILE: what FILE names and what is not there, a line each, with what to
# mend.  The last line is the number of names looked up.
stale() {
	python3 "$HERE/tests/lib/stale.py" "$HERE" "$1"
}

@test "every file, function, text and target in CONTRIBUTING.md exists" {
	run stale "$HERE/CONTRIBUTING.md"
	echo "$output"
	[ "$status" -eq 0 ]
	# it does look things up
	[ "${lines[-1]%% *}" -gt 80 ]
}

@test "a name that does not exist is found, of every kind" {
	local d=$BATS_TEST_TMPDIR/CONTRIBUTING.md
	local line='`src/report/report.c`: `ca_report_new()` and `make check`'
	echo "$line" >"$d"
	run -0 stale "$d"
	for line in '`src/report/nothing.c` has it' \
	    '`src/report/report.c`: `ca_report_nothing()`' \
	    '`src/report/report.c`: `ca_report_new()`, `ca_report_nothing()`' \
	    '`src/report/report.h`: `ca_nothing`' \
	    '`src/report/report.c`: "no such text"' \
	    'run `make nothing`' '    make nothing      # it' \
	    'calls `ca_nothing_at_all()`'; do
		echo "$line" >"$d"
		run -1 stale "$d"
		echo "$output"
		[[ $output == *nothing* || $output == *'no such text'* ]]
	done
}

@test "the ten tasks are answered" {
	local n
	n=$(sed -n '/^## Where is it/,/^## /p' "$HERE/CONTRIBUTING.md" |
		grep -c '^| [A-Z]')
	echo "$n rows"
	[ "$n" -eq 10 ]
}

# rooms: `ROOM MAY...' from docs/architecture.md, sorted
rooms() {
	sed -n '/^## Rooms/,/^## [^R]/s/^| `src\/\([a-z0-9]*\)` |.*| \([a-z0-9, ]*\) |$/\1 \2/p' \
		"$HERE/docs/architecture.md" | tr -d , | while read -r room may; do
		echo "$room $(tr ' ' '\n' <<<"$may" | sort | xargs)"
	done | sort
}

@test "every room of src has a row in docs/architecture.md, and no other" {
	rooms | cut -d' ' -f1 >"$BATS_TEST_TMPDIR/have"
	for d in "$HERE"/src/*/; do
		d=$(basename "$d")
		[ "$d" = man ] || echo "$d"
	done | sort >"$BATS_TEST_TMPDIR/want"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -gt 15 ]
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/have"
}

@test "the rows say the same as tests/lib/layers.sh" {
	local room
	# shellcheck disable=SC1090 # a function of that script
	source <(sed -n '/^may() {/,/^}/p' "$HERE/tests/lib/layers.sh")
	for room in $(rooms | cut -d' ' -f1); do
		echo "$room $(may "$room" | tr ' ' '\n' | grep -vx "$room" |
			sort | xargs)"
	done >"$BATS_TEST_TMPDIR/want"
	[ "$(wc -w <"$BATS_TEST_TMPDIR/want")" -gt 60 ]
	diff "$BATS_TEST_TMPDIR/want" <(rooms)
}

@test "docs/style.md has twenty pairs of before and after" {
	[ "$(grep -cE '^\| [0-9]+ \| .* \| .* \|$' "$HERE/docs/style.md")" -ge 20 ]
}
