#!/usr/bin/env bats
# Revocation, over the whole chain.
load lib/common

setup_file() {
	place_make
	map alice direct revoked under-gone
}
teardown_file() { place_remove; }

setup() {
	crl_dir crl
	conf_reset
}

@test "revoked leaf" {
	login_denied revoked --cert revoked
	crl_dir crl-clean
	login_ok --cert revoked
}

@test "revoked intermediate" {
	login_denied revoked --cert under-gone
	conf default 'crl_check = leaf'
	login_ok --cert under-gone
}

@test "CRL missing" {
	crl_dir crl-missing
	login_denied crl-missing
	login_ok --cert direct
}

@test "CRL missing for the root's own list of intermediates" {
	crl_dir inter.crl
	login_denied crl-missing
}

@test "CRL directory empty" {
	rm -rf "$S/etc/certauth/crl"
	mkdir "$S/etc/certauth/crl"
	login_denied crl-missing
}

@test "CRL directory absent" {
	rm -rf "$S/etc/certauth/crl"
	login_denied 'crl-(dir|missing)'
}

@test "CRL expired" {
	crl_dir crl-expired
	login_denied crl-expired
}

@test "CRL expired, but within crl_grace" {
	crl_dir crl-expired
	conf default 'crl_grace = 2h'
	login_ok
	logged 'waived=crl-stale'
	# a stale CRL still revokes
	login_denied revoked --cert revoked
	conf default 'crl_grace = 10m'
	login_denied crl-expired
}

@test "an expired CRL still revokes" {
	crl_dir crl-expired
	login_denied '(revoked|crl-expired)' --cert revoked
	logged 'revoked'
}

@test "CRL not yet valid" {
	crl_dir crl-future
	login_denied 'crl-future'
}

@test "CRL of the wrong key" {
	crl_dir crl-forged
	login_denied crl-signature
}

@test "CRL of the wrong key beside the right one" {
	cp "$PKI/inter-forged.crl" "$S/etc/certauth/crl/"
	openssl rehash "$S/etc/certauth/crl"
	login_ok
	login_denied revoked --cert revoked
}

@test "crl = off lets in, and says so every time" {
	crl_dir crl-missing
	conf default 'crl = off'
	login_ok
	logged 'waived=crl-off'
	login_ok --cert revoked
	logged 'waived=crl-off'
}

@test "crl = prefer: a missing CRL is waived, a revocation counts" {
	conf default 'crl = prefer'
	login_denied revoked --cert revoked
	crl_dir crl-missing
	login_ok
	logged 'waived=crl-absent'
}

@test "CRL directory that its group can write to" {
	chmod g+w "$S/etc/certauth/crl"
	login_denied crl-dir
}

@test "the CRL is read at each login: revoked between two" {
	pki_copy "$S/two"
	login_ok
	pki_revoke inter alice
	pki_crl inter
	crl_dir root.crl inter.crl
	login_denied revoked
}

@test "a CRL that cannot be used may be the one that revokes" {
	# the other one is good, and does not
	crl_dir root.crl inter-clean.crl
	login_ok --cert revoked
	cp "$PKI/inter.crl" "$S/etc/certauth/crl/newer.crl"
	chmod g+w "$S/etc/certauth/crl/newer.crl"
	openssl rehash "$S/etc/certauth/crl"
	login_denied crl-dir --cert revoked
	conf default 'crl = prefer'
	login_denied crl-dir --cert revoked
	# without hashed names, all of them are looked at
	rm "$S/etc/certauth/crl/"*.r[0-9]
	login_denied crl-dir --cert revoked
	conf_reset
	login_denied crl-dir --cert revoked
}

@test "more CRLs of one name than are looked at" {
	local i hash
	crl_dir root.crl inter-clean.crl
	hash=$(openssl crl -in "$PKI/inter.crl" -noout -hash)
	for ((i = 1; i < 256; i++)); do
		ln -s inter-clean.crl "$S/etc/certauth/crl/$hash.r$i"
	done
	login_ok
	cp "$PKI/inter.crl" "$S/etc/certauth/crl/$hash.r$i"
	login_denied crl-dir --cert revoked
}

@test "directories of a service: the commands of the log name them" {
	local command
	conf_reset
	ca_dir root.pem
	crl_dir root.crl
	mkdir -p "$S/etc/certauth/own"
	cp -a "$S/etc/certauth/ca" "$S/etc/certauth/own/ca"
	conf test 'ca_dir = /etc/certauth/own/ca'
	login_denied crl-missing
	command=$(log_lines | grep -o 'certauth crl update[^`]*' | head -n1)
	[ "$command" = 'certauth crl update --ca-dir /etc/certauth/own/ca' ]
	# read from there: the CA of [default] is not in the answer
	rm "$S/etc/certauth/ca"/*
	run in_place sh -c "PATH=$S/bin:\$PATH; $(log_lines |
		grep -o 'certauth crl list[^`]*' | head -n1)"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'CN=Test root,O=Example, current'* ]]
	# with those that a command reads by itself no options
	ca_dir root.pem
	conf_reset
	login_denied crl-missing
	logged 'run `certauth crl update`,'
	crl_dir crl
}
