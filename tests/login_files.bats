#!/usr/bin/env bats
# Files that decide: absent, unreadable, writable by others, wrong.  And the
# log line of an ordinary login.
load lib/common

setup_file() { place_make; }
teardown_file() { place_remove; }

setup() {
	conf_reset
	ca_dir root.pem
	crl_dir crl
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	chmod 755 "$S/etc/certauth"
}

@test "one line an attempt, to authpriv, with all that one wants to know" {
	local serial
	serial=$(openssl x509 -in "$PKI/alice.pem" -noout -serial |
		cut -d= -f2 | tr A-F a-f)
	login_ok -- -Irhost=192.0.2.7
	[ "$(log_lines | grep -c 'outcome=')" -eq 1 ]
	log_lines | grep 'outcome=' >"$S/line"
	cat "$S/line"
	# authpriv is 10: 10 * 8 + level
	grep -qE '^<8[0-7]>' "$S/line"
	grep -qE 'pam_certauth\(test:auth\): ' "$S/line"
	grep -qE ' reason=ok' "$S/line"
	grep -qE ' user="alice"( |$)' "$S/line"
	grep -qE ' service="test"( |$)' "$S/line"
	grep -qE ' rhost="192.0.2.7"( |$)' "$S/line"
	grep -qE ' subject="CN=alice,O=Example"' "$S/line"
	grep -qE ' issuer="CN=Test inter,O=Example"' "$S/line"
	grep -qiE " serial=$serial( |\$)" "$S/line"
	grep -qE " sha256=$(pki_sha256 "$PKI/alice.pem")( |\$)" "$S/line"
	grep -qE ' scheme=ecdsa_secp256r1_sha256' "$S/line"
}

@test "debug adds the checks" {
	service test debug
	login_ok
	[ "$(log_lines | grep -c pam_certauth)" -gt 3 ]
	logged 'chain'
	service test
}

@test "CA directory that its group can write to" {
	chmod g+w "$S/etc/certauth/ca"
	login_denied ca-dir
}

@test "CA directory that all can write to" {
	chmod o+w "$S/etc/certauth/ca"
	login_denied ca-dir
}

@test "CA directory of another user" {
	need_root
	chown 2002 "$S/etc/certauth/ca"
	login_denied ca-dir
}

@test "CA file that its group can write to" {
	chmod g+w "$S/etc/certauth/ca/root.pem"
	login_denied '(ca-dir|unknown-ca)'
}

@test "CA directory absent, or a file" {
	rm -rf "$S/etc/certauth/ca"
	login_denied ca-dir
	: >"$S/etc/certauth/ca"
	login_denied ca-dir
}

@test "CA directory empty" {
	rm "$S"/etc/certauth/ca/*
	login_denied unknown-ca
}

@test "CA directory that cannot be read: a module run by another user" {
	need_root
	local how="as_user alice python3 $S/bin/login.py"
	cp "$PKI/alice-chain.pem" "$PKI/alice.key" "$S/home/alice/"
	chown 2001 "$S/home/alice/alice.key"
	log_mark
	$how --cert alice-chain.pem --key alice.key -- \
		pamtester test alice authenticate </dev/null
	logged 'outcome=granted'
	chmod 700 "$S/etc/certauth/ca"
	log_mark
	run $how --cert alice-chain.pem --key alice.key -- \
		pamtester test alice authenticate </dev/null
	[ "$status" -eq 1 ]
	logged 'outcome=denied reason=ca-dir'
}

@test "a mistake in the configuration: file and line, and no login" {
	conf default 'crl = requrie'
	login_denied config
	logged 'certauth.conf:3: '
}

@test "an unknown key, an unknown section's mistake, junk" {
	conf default 'ca_dri = /x'
	login_denied config
	logged 'certauth.conf:3: .*ca_dri'
	conf_reset
	conf screensaver 'lifetime = soon'
	login_denied config
	logged 'certauth.conf:4: .*lifetime'
	conf_reset
	echo '%%%' >>"$S/etc/certauth/certauth.conf"
	login_denied config
	logged 'certauth.conf:3: '
}

@test "a mistake in the module's arguments" {
	service test ca_dir
	login_denied config
	service test crl=never
	login_denied config
	service test config=/nowhere/certauth.conf
	login_denied config
	service test
}

@test "no configuration file at all: the defaults" {
	rm "$S/etc/certauth/certauth.conf"
	login_ok
}

@test "configuration that its group can write to" {
	chmod g+w "$S/etc/certauth/certauth.conf"
	login_denied config
}

@test "a section for the service overrides; an argument overrides that" {
	conf test 'crl = off'
	login_ok
	logged 'waived=crl-off'
	service test crl=require
	login_ok
	not_logged 'waived'
	service test
}

@test "config= names another file" {
	cp "$S/etc/certauth/certauth.conf" "$S/etc/other.conf"
	printf 'ca_dir = /etc/other-ca\n' >>"$S/etc/other.conf"
	service test config=/etc/other.conf
	login_denied ca-dir
	pki_dir "$S/etc/other-ca" root.pem
	login_ok
	service test
}

@test "users file: absent, writable, a line that does not parse" {
	rm "$S/etc/certauth/users"
	login_denied '(users-file|unmapped)'
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")"
	chmod g+w "$S/etc/certauth/users"
	login_denied users-file
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" 'bob sha256:xyz'
	chmod 644 "$S/etc/certauth/users"
	login_denied users-file
	logged 'users:2'
}

@test "selectors: key, subject, email, upn, cn" {
	local selector
	for selector in "key:$(pki_key_sha256 "$PKI/alice.pem")" \
	    'subject:CN=alice,O=Example' email:alice@corp.example \
	    email:alice@CORP.example upn:alice@corp.example cn:alice; do
		users "alice $selector"
		login_ok
	done
	for selector in "key:$(pki_key_sha256 "$PKI/bob.pem")" \
	    "sha256:$(pki_sha256 "$PKI/bob.pem")" 'subject:CN=alice' \
	    'subject:O=Example,CN=alice' email:alice@corp.example.org \
	    email:Alice@corp.example upn:malice@corp.example cn:alic; do
		users "alice $selector"
		login_denied unmapped
	done
}

@test "a file from Windows: one message, with what mends it" {
	conf_reset
	sed -i 's/$/\r/' "$S/etc/certauth/certauth.conf"
	printf '# more\r\n# lines\r\n' >>"$S/etc/certauth/certauth.conf"
	login_denied config
	[ "$(log_lines | grep -c 'lines must end as on Unix')" -eq 1 ]
	logged 'lines must end as on Unix'
	conf_reset
	login_ok
}
