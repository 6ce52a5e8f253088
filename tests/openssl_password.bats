#!/usr/bin/env bats
# Signed passwords made of the openssl command and a shell: shells of several kinds make
# texts by keys of each type, and the module takes them.
bats_require_minimum_version 1.5.0
load lib/common
load lib/signed
load lib/passwordclient

KEYS='alice p384 p521 ed25519 ed448 rsa2048'

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	export CERTAUTH_VERIFIER=verifier=resident
	place_make
	client_host_make
	# shellcheck disable=SC2086 # words
	registered $KEYS
	mkdir "$S/busybox" "$S/zsh"
	local applet
	for applet in awk cat cut date grep head id mkdir mktemp mv printf rm sed sh \
	    tail tr wc; do
		ln -s "$(command -v busybox)" "$S/busybox/$applet"
	done
	ln -s "$(command -v openssl)" "$S/busybox/openssl"
	ln -s /bin/zsh "$S/zsh/sh" # by this name it is an sh
}

teardown_file() {
	place_remove
}

setup() {
	need_root
	TEXT=$HERE/etc/openssl-password.sh
	T=$BATS_TEST_TMPDIR
	signed_reset
	signed_ready
}

# made_by SHELL NAME [WORD ...]: a text by NAME's key; words of the script
made_by() {
	local shell=$1 name=$2
	shift 2
	# shellcheck disable=SC2086 # a shell may have words
	env -i PATH="${SHELL_PATH:-$PATH}" HOME="$T" TMPDIR="$T" \
		CERT="$PKI/$name-chain.pem" KEY="${KEY:-$PKI/$name.key}" \
		$shell "$TEXT" "$@"
}

@test "a text by keys of each type goes in, once" {
	local name text
	for name in $KEYS; do
		text=$(made_by dash "$name" -r mail mail.example.com alice)
		echo "$name: ${#text}"
		used_ok "$text"
		used_denied replayed "$text"
		# nothing is left
		[ -z "$(ls "$T")" ]
	done
}

@test "the lengths of docs/protocol.md" {
	[ "$(made_by dash alice -r mail mail.example.com alice | wc -c)" -eq 126 ]
	[ "$(made_by dash ed25519 -r mail mail.example.com alice | wc -c)" -eq 126 ]
	[ "$(made_by dash p384 -r mail mail.example.com alice | wc -c)" -eq 169 ]
	[ "$(made_by dash rsa2048 -r mail mail.example.com alice | wc -c)" -eq 382 ]
}

@test "several shells, and tools of another kind" {
	local shell
	for shell in '/bin/bash --posix' "$S/zsh/sh"; do
		used_ok "$(made_by "$shell" alice -r mail mail.example.com alice)"
		used_ok "$(made_by "$shell" p521 -r mail mail.example.com alice)"
	done
	SHELL_PATH=$S/busybox
	used_ok "$(made_by "$S/busybox/sh" alice -r mail mail.example.com alice)"
	used_ok "$(made_by "$S/busybox/sh" ed25519 -r mail mail.example.com alice)"
	used_ok "$(made_by "$S/busybox/sh" p521 -r mail mail.example.com alice)"
}

# The first of the 66 bytes of a number by P-521 has one bit: it is zero in half of them.
@test "numbers of a signature that begin with zeros" {
	local i text
	for ((i = 0; i < 60; i++)); do
		text=$(made_by dash p521 -r mail mail.example.com alice)
		python3 - "$text" <<-'END' && break
			import base64, sys
			b = base64.urlsafe_b64decode(sys.argv[1][4:-1] + "===")
			sys.exit(0 if b[26] == b[92] == 0 else 1)
		END
	done
	[ "$i" -lt 60 ]
	used_ok "$text"
}

@test "with the certificates in it, where the host does not know them" {
	local text
	registered
	map alice alice rsa2048
	text=$(made_by dash alice mail mail.example.com alice)
	[ "${#text}" -gt 1000 ]
	used_ok "$text"
	used_ok "$(made_by dash rsa2048 mail MAIL.Example.com. alice)"
	used_denied no-registered "$(made_by dash alice -r mail mail.example.com alice)"
	# shellcheck disable=SC2086 # words
	registered $KEYS
}

@test "for another host, service or login it is refused" {
	used_denied other-host "$(made_by dash alice -r mail web.example.com alice)"
	used_denied signature "$(made_by dash alice -r imap mail.example.com alice)"
	used_denied signature "$(made_by dash alice -r mail mail.example.com bob)"
	# the login is one's own where none is given
	used_denied signature "$(made_by dash alice -r mail mail.example.com)"
}

@test "refused before anything is printed" {
	run -1 made_by dash alice -m 127 mail mail.example.com alice
	[[ $output == *' characters, and the service carries 127; have the administrator register'* ]]
	[[ $output != *ca1.* ]]
	KEY=$PKI/bob.key run -1 made_by dash alice -r mail mail.example.com alice
	[[ $output == *"bob.key is not the key of "* && $output != *ca1.* ]]
	run -1 made_by dash alice -r mail 'two words' alice
	[[ $output == *'two words is no host name'* ]]
	run -1 made_by dash alice -r -m many mail mail.example.com alice
	[[ $output == *'-m many is no number'* ]]
	run -1 made_by dash alice -r mail mail.example.com "$(printf '%0256d' 0)"
	[[ $output == *'1 to 255 bytes'* ]]
	run -2 made_by dash alice -r mail
	[[ $output == *'SERVICE HOST [LOGIN]'* ]]
	[ -z "$(ls "$T")" ]
}
