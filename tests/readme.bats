#!/usr/bin/env bats
# What README.md says of files, targets and codes is true.
load lib/common

# block MARK [FILE]: the code block after <!-- MARK --> in FILE (README.md)
block() {
	awk -v mark="<!-- $1 -->" '
		/^```/ && wait { getline; wait = 0; show = 1 }
		/^```/ { show = 0 }
		show
		$0 == mark { wait = 1 }' "$HERE/${2:-README.md}"
}

@test "the client shown is the client that the tests run" {
	block 'from: etc/openssl-client.sh' docs/protocol.md >"$BATS_TEST_TMPDIR/shown"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/shown")" -gt 20 ]
	python3 - "$BATS_TEST_TMPDIR/shown" "$HERE/etc/openssl-client.sh" \
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
		grep -q "\"$code\"" "$HERE/src/base/reason.h"
	done
}

# links FILE: each relative link target of a Markdown file, without its anchor
links() {
	tr -d '\n' <"$1" | grep -oE '\]\([^)#]+' | sed 's/^](//' |
		grep -vE '^[a-z]+:' || :
}

@test "every file that a document links to exists" {
	local doc file n=0 bad=0
	for doc in "$HERE"/*.md "$HERE"/docs/*.md "$HERE/tests/README.md" \
	    "$HERE/.github/SECURITY.md"; do
		for file in $(links "$doc"); do
			n=$((n + 1))
			[ -e "$(dirname "$doc")/$file" ] && continue
			echo "${doc#"$HERE/"}: there is no file $file"
			bad=1
		done
	done
	[ "$n" -gt 30 ]
	[ $bad -eq 0 ]
}

@test "README.md has at most 200 lines" {
	[ "$(wc -l <"$HERE/README.md")" -le 200 ]
}
