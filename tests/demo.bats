#!/usr/bin/env bats
# `make demo` does what it says, and leaves nothing behind.
load lib/common

everything() {
	find /etc /root/.ssh /home /var/lib/sudo /run/sshd -xdev -printf '%p %T@ %C@ %m %U\n' \
		2>/dev/null | sort
}

# what the pieces carry, in base64url and with a mark each, is the messages
picture_adds_up() {
	local pieces chars bytes
	pieces=$(grep -c 'piece [0-9]* of the answer' <<<"$output")
	chars=$(grep 'of the answer' <<<"$output" |
		grep -oE '[0-9]+ characters' | awk '{ n += $1 } END { print n }')
	bytes=$(grep -oE 'Certificate(Verify)?, [0-9]+ bytes' <<<"$output" |
		awk '{ n += $2 } END { print n }')
	echo "$pieces pieces, $chars characters, $bytes bytes"
	[ "$pieces" -ge 2 ]
	[ "$bytes" -gt 300 ]
	[ $(((chars - pieces) * 3 / 4)) -eq "$bytes" ]
	[[ $output =~ prompt,\ [0-9]{3}\ characters,\ next=0 ]]
	[[ $output =~ CertificateRequest,\ 1[0-9]{2}\ bytes ]]
}

# docs/demo.svg shows what the demo prints today, but for numbers, names of
# scratch folders, and where they make a line break
recorded() {
	local as_words='s/certauth-demo\.[A-Za-z0-9]*|[0-9a-f]{8}\.r0|[0-9][-0-9T:.Z]*/N/g'
	python3 - "$HERE/docs/demo.svg" <<-'END' | sed -E "$as_words" |
		import sys
		import xml.etree.ElementTree as et
		for t in et.parse(sys.argv[1]).iter('{http://www.w3.org/2000/svg}text'):
		    if not t.text.startswith('# '):
		        print(t.text)
	END
		tr -s ' \n' ' ' >"$BATS_TEST_TMPDIR/shown"
	echo "${output//"$tmp"/\/tmp}" | sed -E "$as_words" | tr -s ' \n' ' ' \
		>"$BATS_TEST_TMPDIR/printed"
	diff "$BATS_TEST_TMPDIR/shown" "$BATS_TEST_TMPDIR/printed" || {
		echo 'docs/demo.svg is not what make demo prints: run make pictures'
		return 1
	}
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
	[ "${#lines[@]}" -le 42 ]
	local line
	for line in "${lines[@]//"$tmp"/tmp}"; do
		echo "$line"
		[ "${#line}" -le 80 ]
	done
	picture_adds_up
	recorded
	[[ $output == *'revocation  fail, revoked: '* ]]
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	rmdir "$tmp"
}
