#!/usr/bin/env bats
# What README.md says of files, targets and codes is true.
load lib/common

# block MARK: the code block after <!-- MARK -->
block() {
	awk -v mark="<!-- $1 -->" '
		/^```/ && wait { getline; wait = 0; show = 1 }
		/^```/ { show = 0 }
		show
		$0 == mark { wait = 1 }' "$HERE/README.md"
}

@test "the client shown is the client that the tests run" {
	block 'from: tests/openssl-client.sh' >"$BATS_TEST_TMPDIR/shown"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/shown")" -gt 20 ]
	python3 - "$BATS_TEST_TMPDIR/shown" "$HERE/tests/openssl-client.sh" \
		<<-'END'
		import sys
		shown, script = (open(f).read() for f in sys.argv[1:])
		sys.exit(shown not in script)
	END
}

@test "the set-up's blocks are all there, and are shell" {
	local name
	for name in build host verify sshd sudo client login; do
		block "setup: $name" >"$BATS_TEST_TMPDIR/$name"
		[ -s "$BATS_TEST_TMPDIR/$name" ]
		bash -n "$BATS_TEST_TMPDIR/$name"
	done
}

@test "every make target that the text names exists" {
	local target
	for target in $(grep -oE '`make [a-z-]+|^    make [a-z-]+' \
	    "$HERE/README.md" | awk '{ print $NF }' | sort -u); do
		echo "$target"
		make -s -C "$HERE" -n "$target" >/dev/null
	done
}

@test "every reason code in the table is one of the module's" {
	local code
	for code in $(grep '^| [0-9]' "$HERE/README.md" | awk -F'|' \
	    '{ print $(NF - 1) }' | grep -oE '`[a-z-]+`' | tr -d '`'); do
		echo "$code"
		grep -q "\"$code\"" "$HERE/src/report/report.h"
	done
}

@test "every file that the text links to exists" {
	local file
	for file in $(tr -d '\n' <"$HERE/README.md" |
	    grep -oE '\]\([^)h][^)]*\)' | tr -d ']()'); do
		echo "$file"
		[ -e "$HERE/$file" ]
	done
}
