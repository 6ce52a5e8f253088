#!/usr/bin/env bats
# certauth try: a transaction through libpam, answered by the tool itself.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	conf_reset
	crl_dir crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"alice sha256:$(pki_sha256 "$PKI/revoked.pem")"
	service test
	sed -i "s|^account .*|account required $MODULE|" "$S/etc/pam.d/test"
}

# try CERT [OPTION ...] SERVICE [USER]: as root, without a terminal
try() {
	local name=$1
	shift
	log_mark
	run --separate-stderr in_place env HOME="$S" setsid -w "$CERTAUTH" try \
		--cert "$PKI/$name-chain.pem" --key "$PKI/$name.key" "$@" \
		</dev/null
}

@test "granted: codes, what was logged, what a session would get" {
	try alice test alice
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'prompt  certauth1, offset 0: 500 characters sent'* ]]
	[[ $output == *'log     pam_certauth(test:auth): outcome=granted reason=ok user="alice"'* ]]
	[[ $output == *'pam_authenticate PAM_SUCCESS'* ]]
	[[ $output == *'log     pam_certauth(test:account): event=account outcome=accepted'* ]]
	[[ $output == *'pam_acct_mgmt PAM_SUCCESS'* ]]
	[[ $output == *'user    alice'* ]]
	[[ $output == *"session CERTAUTH_SHA256=$(pki_sha256 "$PKI/alice.pem")"* ]]
	# it is in the real log as well
	logged 'pam_certauth\(test:auth\): outcome=granted'
}

@test "denied: the module's reason, exit 1, the next command" {
	try revoked test alice
	[ "$status" -eq 1 ]
	[[ $output == *'outcome=denied reason=revoked'* ]]
	[[ $output == *'pam_authenticate PAM_AUTH_ERR'* ]]
	[[ $output != *pam_acct_mgmt* ]]
	[[ $stderr == *'certauth explain'*'certauth doctor'* ]]
}

@test "a passphrase is asked of SSH_ASKPASS, as ssh asks it" {
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -passout pass:secret \
		-out "$S/enc.key"
	printf '#!/bin/sh\necho "$1" >%q\necho secret\n' "$S/asked" >"$S/ask"
	chmod 755 "$S/ask"
	SSH_ASKPASS=$S/ask DISPLAY=:0 try alice --key "$S/enc.key" test alice
	echo "$output$stderr"
	[ "$status" -eq 0 ]
	[ "$(cat "$S/asked")" = "Passphrase for enc.key: " ]
	SSH_ASKPASS=$S/ask try alice --key "$S/enc.key" test alice
	[ "$status" -eq 1 ]
	[[ $stderr == *'set SSH_ASKPASS (with DISPLAY'* ]]
}

@test "another user, and no user: the certificate names the login" {
	try alice test bob
	[ "$status" -eq 1 ]
	[[ $output == *'reason=other-user'* ]]
	try alice test
	[ "$status" -eq 0 ]
	[[ $output == *'user    alice'* ]]
}

@test "account: another module refuses, and --no-account" {
	echo 'account required pam_deny.so' >>"$S/etc/pam.d/test"
	try alice test alice
	[ "$status" -eq 1 ]
	[[ $output == *'pam_authenticate PAM_SUCCESS'*'pam_acct_mgmt PAM_'* ]]
	[[ $output != *'pam_acct_mgmt PAM_SUCCESS'* ]]
	try alice --no-account test alice
	[ "$status" -eq 0 ]
	[[ $output != *pam_acct_mgmt* ]]
}

@test "--pam-dir, --rhost" {
	mkdir -p "$S/pamd"
	cp "$S/etc/pam.d/test" "$S/pamd/elsewhere"
	users "alice cn:alice from=192.0.2.0/24"
	try alice --pam-dir "$S/pamd" --rhost 192.0.2.9 elsewhere alice
	[ "$status" -eq 0 ]
	[[ $output == *'rhost="192.0.2.9"'* ]]
	try alice --pam-dir "$S/pamd" --rhost 198.51.100.1 elsewhere alice
	[ "$status" -eq 1 ]
}

@test "--json is one object that says the same" {
	try alice --json test alice
	[ "$status" -eq 0 ]
	echo "$output" | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["authenticate"] == o["account"] == "PAM_SUCCESS", o
assert o["user"] == "alice"
assert any(e.startswith("CERTAUTH_SUBJECT=") for e in o["environment"])
assert any("outcome=granted" in l for l in o["log"])
'
	try revoked --json test alice
	[ "$status" -eq 1 ]
	echo "$output" | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["authenticate"] == "PAM_AUTH_ERR" and o["account"] == "not run"
'
}

@test "a mistake in the configuration shows with its place" {
	conf default 'nonsense = 1'
	try alice test alice
	[ "$status" -eq 1 ]
	[[ $output == *'log     pam_certauth(test:auth): /etc/certauth/certauth.conf:'*nonsense* ]]
	[[ $output == *'pam_authenticate PAM_SERVICE_ERR'* ]]
}

@test "mode = audit, and a module that asks something else without a terminal" {
	printf 'auth optional %s mode=audit\nauth required pam_unix.so\n' \
		"$MODULE" >"$S/etc/pam.d/test"
	try alice test alice
	[ "$status" -eq 1 ]
	[[ $output == *'mode=audit outcome=granted'* ]]
	[[ $output == *'no terminal to ask on'*'prompt  Password:'* ]]
}

@test "a password of another module is asked for on the terminal, unseen" {
	sed -i "s|^alice:[^:]*:|alice:$(openssl passwd -6 secret):|" "$S/etc/shadow"
	printf 'auth required %s\nauth required pam_unix.so\naccount required pam_unix.so\n' \
		"$MODULE" >"$S/etc/pam.d/test"
	cat >"$S/try.exp" <<-END
		set timeout 60
		spawn env HOME=$S $CERTAUTH try --cert $PKI/alice-chain.pem --key $PKI/alice.key test alice
		expect "Password: " { send "secret\r" }
		expect eof
		catch wait result
		exit [lindex \$result 3]
	END
	run in_place expect "$S/try.exp"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'pam_acct_mgmt PAM_SUCCESS'* ]]
	[[ $output != *secret* ]]
}

@test "a service that is not there, names that are none" {
	try alice nosuch alice
	[ "$status" -eq 1 ]
	[[ $stderr == *"there is no /etc/pam.d/nosuch"*'certauth doctor'* ]]
	try alice ../test alice
	[ "$status" -eq 2 ]
	try alice
	[ "$status" -eq 2 ]
	[[ $stderr == *'certauth try --help'* ]]
	run "$CERTAUTH" try --nonsense
	[ "$status" -eq 2 ]
}

@test "as an ordinary user, with a key of his" {
	need_root
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/alice/"
	chown alice: "$S"/home/alice/* 2>/dev/null || chown 2001 "$S"/home/alice/*
	chmod -R a+rX "$S/etc/certauth" "$S/bin"
	run as_user alice setsid -w "$CERTAUTH" try --cert alice-chain.pem \
		--key alice.key test alice
	echo "$output"
	[ "$status" -eq 0 ]
}
