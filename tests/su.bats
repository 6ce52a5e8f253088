#!/usr/bin/env bats
# The real su, called by an unprivileged user.
load lib/common

setup() { need_root; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	service su
	cp "$PKI/alice-chain.pem" "$PKI/bob-chain.pem" "$S/home/carol/"
	cp "$PKI/alice.key" "$PKI/bob.key" "$S/home/carol/"
	chown 2003 "$S/home/carol"/*.key
}
teardown_file() { place_remove; }

# carol becomes alice: OPTION of login.py ...
carol_su() {
	log_mark
	run as_user carol python3 "$S/bin/login.py" "$@" -- \
		su alice -c 'echo $(id -un)-is-in' </dev/null
	echo "$output"
}

@test "su to alice with alice's certificate, on a terminal" {
	carol_su --pty --cert alice-chain.pem --key alice.key
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
	logged 'pam_certauth\(su:auth\).*outcome=granted.* user="?alice'
}

@test "su to alice through a pipe" {
	carol_su --cert alice-chain.pem --key alice.key
	[ "$status" -eq 0 ]
	[[ $output == *alice-is-in* ]]
}

@test "su to alice with bob's certificate" {
	carol_su --pty --cert bob-chain.pem --key bob.key
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied.* reason=other-user'
}

@test "su to alice with the wrong key" {
	carol_su --pty --cert alice-chain.pem --key bob.key
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied.* reason=signature'
}

@test "su with no answer, an empty one, and a password" {
	local how
	for how in eof empty plain; do
		carol_su --pty --how $how
		[ "$status" -ne 0 ]
		[[ $output != *alice-is-in* ]]
		logged 'outcome=denied'
	done
}
