#!/usr/bin/env bats
# `make demo` does what it says, and leaves nothing behind.
load lib/common

everything() {
	find /etc /root/.ssh /home /var/lib/sudo /run/sshd -xdev -printf '%p %T@ %C@ %m %U\n' \
		2>/dev/null | sort
}

@test "make demo: accepted, then refused, and nothing else has changed" {
	[ "$(id -u)" -eq 0 ] || skip 'needs root: sshd serves other users'
	local tmp
	tmp=$(mktemp -d)
	chmod 755 "$tmp"
	everything >"$BATS_TEST_TMPDIR/before"
	TMPDIR=$tmp run "$HERE/tests/demo.sh" "$CERTAUTH_BUILD"
	echo "$output"
	[ "$status" -eq 0 ]
	everything >"$BATS_TEST_TMPDIR/after"
	[[ $output == *ACCEPTED*'outcome=granted reason=ok'* ]]
	[[ $output == *REFUSED*'outcome=denied reason=revoked'* ]]
	[ "${#lines[@]}" -le 16 ]
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	rmdir "$tmp"
}
