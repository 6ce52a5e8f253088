#!/usr/bin/env bats
# The files, functions, texts, targets and variables that the pages for contributors
# name exist, and every room of src has a headline in docs/architecture.md.  If a
# test fails here, mend the page: the output says where a name is now.
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

# rows: the rooms with a row in docs/architecture.md, and the headline of each
rows() {
	sed -n '/^## Rooms/,/^## [^R]/s/^| `src\/\([a-z0-9]*\)` | \(.*\) | .* |$/\1 \2/p' \
		"$HERE/docs/architecture.md"
}

# tests/lib/layers.py reads the last column, and says which room has no row.
@test "every room of src has a headline in docs/architecture.md, and no other" {
	local room headline
	for room in "$HERE"/src/*/; do
		room=$(basename "$room")
		[ "$room" = man ] || echo "$room"
	done | sort >"$BATS_TEST_TMPDIR/folders"
	rows | cut -d' ' -f1 | sort >"$BATS_TEST_TMPDIR/rows"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -gt 15 ]
	diff "$BATS_TEST_TMPDIR/folders" "$BATS_TEST_TMPDIR/rows"
	while read -r room headline; do
		echo "$room: $headline"
		[ "$(wc -w <<<"$headline")" -ge 3 ]
	done < <(rows)
}

@test "what the other pages for contributors name exists" {
	local page bad=0
	for page in docs/architecture.md docs/processes.md docs/style.md \
	    tests/README.md .github/SECURITY.md; do
		run stale "$HERE/$page"
		echo "$output"
		[ "$status" -eq 0 ] || bad=1
	done
	[ $bad -eq 0 ]
}

# Variables that a script or program of tests reads: ${NAME:-...} and getenv.
@test "every variable in tests/README.md is read somewhere" {
	local name n=0
	for name in $(sed -n '/^## Variables/,/^## W/s/^| \([A-Z_, ]*\) |.*/\1/p' \
	    "$HERE/tests/README.md" | tr -d ,); do
		n=$((n + 1))
		grep -rqE --include=*.{sh,bash,bats,c,h,mk} \
			"\\\$\\{?$name\\b|\"$name\"|\\\$\\($name\\)|^$name \\??=" \
			"$HERE/tests" || grep -qE "^$name \\?=|\\(($name)\\)" \
			"$HERE/Makefile" || { echo "nothing reads $name"; return 1; }
	done
	[ "$n" -gt 20 ]
}

@test "docs/style.md has twenty pairs of before and after" {
	[ "$(grep -cE '^\| [0-9]+ \| .* \| .* \|$' "$HERE/docs/style.md")" -ge 20 ]
}
