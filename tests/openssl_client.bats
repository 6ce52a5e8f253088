#!/usr/bin/env bats
# The client made of the openssl command and shell: the protocol needs no
# special program.
load lib/common
load lib/sshd

setup() { need_root; }

setup_file() {
	[ "$(id -u)" -eq 0 ] || return 0 # every test is skipped, see setup
	place_make
	map alice p384 p521 ed25519 ed448 rsa2048
	conf default 'host_names = web1.example web1'
	sshd_start
	client_make
	cp "$HERE/tests/openssl-client.sh" "$S/bin/"
}

teardown_file() {
	sshd_stop
	place_remove
}

# one ssh login by openssl-client.sh as askpass, with NAME's certificate
openssl_login() {
	local home=$S/home/carol
	client_make "$1"
	log_mark
	# shellcheck disable=SC2030,SC2031
	CLIENT_ENV="SSH_ASKPASS=$S/bin/openssl-client.sh
		SSH_ASKPASS_REQUIRE=force DISPLAY=none
		CERT=$home/.config/certauth/me.pem
		KEY=$home/.config/certauth/me.key" \
		client ssh web1 'echo $(id -un)-is-in' </dev/null
}

@test "openssl and a shell log in over ssh, with every kind of key" {
	local name
	for name in alice p384 p521 ed25519 ed448 rsa2048; do
		run openssl_login $name
		echo "$name: $output"
		[ "$status" -eq 0 ]
		[[ $output == *alice-is-in* ]]
		logged 'outcome=granted'
	done
}

@test "and are refused like anybody else" {
	run openssl_login bob
	[ "$status" -ne 0 ]
	[[ $output != *alice-is-in* ]]
	logged 'outcome=denied reason=unmapped'
}
