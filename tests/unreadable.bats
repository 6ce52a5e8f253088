#!/usr/bin/env bats
# What root's configuration consists of may be root's alone: a worker of the verifier,
# which is _certauth, then has each file from the module.  The verdict and the lines of
# the log are those of a configuration that everybody may read.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	chmod -R a+rX "$S/etc/certauth"
	resident_start
}

teardown_file() { place_remove; }

setup() {
	need_root
	service test
	conf_reset
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")"
	crl_dir crl
	ca_dir root.pem
	rm -rf "$S/etc/certauth/users.d"
	mkdir -p "$S/etc/certauth/users.d"
	conf default 'users_dir = /etc/certauth/users.d'
	chmod -R a+rX "$S/etc/certauth"
}

# said: what the log says of the last login, without what differs each time
said() {
	log_lines | grep -o 'pam_certauth(.*' | sed -E 's/(not_after|date)="?[^ ]*//g'
}

# logins: what a good login and one with a revoked certificate say
logins() {
	login_ok || return
	said
	login_denied revoked --cert revoked --key revoked || return
	said
}

# root_alone PATH ...: each alone is root's, and then all together
root_alone() {
	local way path mode want
	for way in spawn resident; do
		CERTAUTH_VERIFIER=verifier=$way service test
		want=$(logins) || { echo "$want"; return 1; }
		for path; do
			mode=$(stat -c %a "$path")
			chmod go-rwx "$path"
			diff <(echo "$want") <(logins) || {
				echo "$way: $path"
				return 1
			}
			chmod "$mode" "$path"
		done
		chmod go-rwx "$@"
		diff <(echo "$want") <(logins)
		chmod -R a+rX "$S/etc/certauth"
	done
}

@test "each file and directory of the configuration may be root's alone" {
	local d=$S/etc/certauth
	root_alone "$d" "$d/certauth.conf" "$d/users" "$d/users.d" "$d/ca" \
		"$d/crl" "$(find "$d/ca" -type f | head -n 1)" \
		"$(find "$d/crl" -type f | head -n 1)"
}

@test "compiled indexes may be root's alone" {
	local d=$S/etc/certauth
	ca_dir root.pem inter.pem
	# those of CAs that are not there are said, and are not indexed
	in_place "$CERTAUTH" crl compile || :
	in_place "$CERTAUTH" users compile
	ls "$d/crl"/*.idx "$d/users.cdb"
	root_alone "$d/crl" "$d/users.cdb" "$d/users" "$d/crl"/*.idx
}

@test "hashed links, and files without one, in directories of root alone" {
	local d=$S/etc/certauth
	rm -rf "$d/ca" "$d/crl"
	mkdir "$d/ca" "$d/crl"
	cp "$PKI/root.pem" "$PKI/inter.pem" "$d/ca/"
	cp "$PKI"/crl/* "$d/crl/"
	in_place openssl rehash /etc/certauth/ca
	ln -s nothing.pem "$d/ca/12345678.0"
	ln -s nothing.crl "$d/crl/12345678.r0"
	chmod -R a+rX "$d"
	root_alone "$d/ca" "$d/crl"
}

# What another than root may write decides nothing, whoever may read it.
@test "a file that others may write is refused in a directory of root alone" {
	local d=$S/etc/certauth way
	for way in spawn resident; do
		CERTAUTH_VERIFIER=verifier=$way service test
		chmod 666 "$d"/crl/*
		login_denied crl-dir
		chmod 700 "$d/crl"
		login_denied crl-dir
		chmod 755 "$d/crl"
		chmod 644 "$d"/crl/*
	done
}

@test "a link of crl_dir without its target, in a directory of root alone" {
	local way h
	crl_dir root.crl inter.crl
	h=$(basename "$(find "$S/etc/certauth/crl" -name '*.r0' -type l | head -n 1)")
	ln -sfn absent.pem "$S/etc/certauth/crl/$h"
	chmod 700 "$S/etc/certauth/crl"
	for way in spawn resident; do
		CERTAUTH_VERIFIER=verifier=$way service test
		run -1 login
		logged "the CRL file $h is a symbolic link to a file that does not exist"
	done
}
