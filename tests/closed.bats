#!/usr/bin/env bats
# What only root may read serves a login as what everybody may read: the worker of the
# verifier is another user, and the module opens it.
# shellcheck disable=SC2030,SC2031 # each test has its CERTAUTH_VERIFIER
load lib/common

setup_file() {
	place_make
	resident_start
}

teardown_file() { place_remove; }

setup() {
	need_root
	RESIDENT=$(cat "$S/resident.pid" 2>/dev/null) || RESIDENT=
	conf_reset
	crl_dir root.crl inter.crl
	# that of the intermediate has no index: its CA is in no directory
	in_place "$CERTAUTH_BUILD/certauth" crl compile || :
	[ -e "$S/etc/certauth/crl/root.crl.idx" ]
	map alice revoked
	rm -f "$S/etc/certauth/users.cdb"
}

# everything that is configured
files() {
	find "$S/etc/certauth" ! -type l
}

# outcome WAY: the lines of a login that is granted, and of one whose certificate is
# revoked
outcome() {
	CERTAUTH_VERIFIER=verifier=$1 service test
	{
		login && echo "status 0" || echo "status $?"
		log_lines
		login --cert revoked --key revoked && echo "status 0" || echo "status $?"
		log_lines
	} | sed -E 's/^.*pam_certauth\(/pam_certauth(/; s/session=[^ ]*//; s/id=[^ ]*//'
}

# alike WAY: with each file and directory closed in turn, and with all of them
alike() {
	local f mode
	outcome "$1" >"$S/open"
	grep -q 'outcome=granted' "$S/open"
	grep -q 'outcome=denied.*reason=revoked' "$S/open"
	while read -r f; do
		mode=$(stat -c %a "$f")
		[ -d "$f" ] && chmod 700 "$f" || chmod 600 "$f"
		outcome "$1" >"$S/closed"
		chmod "$mode" "$f"
		diff "$S/open" "$S/closed" || {
			echo "$f"
			return 1
		}
	done < <(files)
	files | while read -r f; do
		[ -d "$f" ] && chmod 700 "$f" || chmod 600 "$f"
	done
	outcome "$1" >"$S/closed"
	diff "$S/open" "$S/closed"
}

@test "spawned: each file and directory for root alone" {
	alike spawn
}

@test "resident: each file and directory for root alone" {
	alike resident
}

@test "a users index, with a users file for root alone" {
	local w
	in_place "$CERTAUTH_BUILD/certauth" users compile
	[ -e "$S/etc/certauth/users.cdb" ]
	chmod 600 "$S/etc/certauth/users" "$S/etc/certauth/users.cdb"
	for w in spawn resident; do
		CERTAUTH_VERIFIER=verifier=$w service test
		login_ok
		login_denied unmapped --cert bob --key bob
	done
}

@test "a link of crl_dir without its target, in a directory for root alone" {
	local w h
	h=$(basename "$(find "$S/etc/certauth/crl" -name '*.r0' -type l | head -n 1)")
	ln -sfn absent.pem "$S/etc/certauth/crl/$h"
	chmod 700 "$S/etc/certauth/crl"
	for w in spawn resident; do
		CERTAUTH_VERIFIER=verifier=$w service test
		run -1 login
		logged "the CRL file $h is a symbolic link to a file that does not exist"
	done
}
