#!/usr/bin/env bats
# certauth explain: the text for failures, compared with files (EXPLAIN_UPDATE=1
# replaces them), and that it agrees with a real login.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
}
teardown_file() { place_remove; }

setup() {
	conf_reset
	ca_dir root.pem
	crl_dir crl
	rm -f "$S/etc/certauth/users"
	users "alice sha256:$(pki_sha256 "$PKI/alice.pem")" \
		"bob sha256:$(pki_sha256 "$PKI/bob.pem")"
	service test
}


# Replace what differs from run to run: times, ages, numbers and hashes.
normal() {
	sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/TIME/g' \
		-e 's/[0-9]+ (days|hours|minutes)/AGE/g' \
		-e 's/[0-9a-f]{64}/SHA256/g' \
		-e 's/^(  serial      )[0-9a-fA-F]+$/\1SERIAL/' \
		-e 's/[0-9a-f]{40}/KEYID/g'
}

# explain NAME [OPTION ...]: on PKI's NAME-chain.pem
explain() {
	local name=$1
	shift
	run --separate-stderr in_place "$CERTAUTH" explain --service test "$@" \
		"$PKI/$name-chain.pem"
}

# held NAME STATUS: the output is that of the file, and the status that one
held() {
	local file=$HERE/tests/data/explain/$1.txt
	echo "$output" | normal >"$BATS_TEST_TMPDIR/now"
	[ -z "${EXPLAIN_UPDATE:-}" ] || cp "$BATS_TEST_TMPDIR/now" "$file"
	diff -u "$file" "$BATS_TEST_TMPDIR/now"
	[ "$status" -eq "$2" ]
}

# agrees CERT USER: a real login has the PAM code and the reason that explain
# says.  output is explain's.
agrees() {
	local code reason
	code=$(sed -n 's/^PAM code: \(PAM_[A-Z_]*\).*/\1/p' <<<"$output")
	reason=$(sed -n '1s/.*(\([a-z-]*\))$/\1/p' <<<"$output")
	[ -n "$code" ]
	[ -n "$reason" ]
	log_mark
	in_place "$S/bin/pamdrive" -u "$2" -C "$CERTAUTH sign --pieces \
		--any-host --yes --user $2 --cert $PKI/$1-chain.pem \
		--key $PKI/$1.key" >"$S/seen" 2>&1 || :
	grep -x "authenticate $code" "$S/seen" || { cat "$S/seen"; return 1; }
	logged "reason=$reason( |\$)"
}

# failure FILE CERT [USER]: explain's text, and a login that agrees with it
failure() {
	explain "$2" --user "${3:-alice}"
	held "$1" 1
	agrees "$2" "${3:-alice}"
}

@test "granted" {
	explain alice --user alice
	held granted 0
	[[ $output == 'would be granted'*'if the client'* ]]
	[[ $output == *'signature   not run: explain uses no key'* ]]
	agrees alice alice
}

@test "1 unknown CA" { failure unknown-ca stranger-leaf; }

@test "2 expired" {
	map expired
	failure expired expired
}

@test "3 not yet valid" {
	map future
	failure not-yet-valid future
}

@test "4 revoked" {
	map revoked
	failure revoked revoked
}

@test "5 a revoked intermediate" {
	map under-gone
	failure revoked-intermediate under-gone
}

@test "6 CRL missing" {
	crl_dir crl-missing
	failure crl-missing alice
}

@test "7 CRL expired" {
	crl_dir crl-expired
	failure crl-expired alice
}

@test "8 CRL of the wrong key" {
	crl_dir crl-forged
	failure crl-signature alice
}

@test "9 wrong purpose" {
	map server
	failure purpose server
}

@test "10 name constraints" {
	map misnamed
	failure name-constraints misnamed
}

@test "11 mapped to another user" { failure other-user alice bob; }

@test "12 unmapped: every rule and why not" {
	users 'alice cn:Alice' 'bob email:bob@corp.example' \
		'alice cn:alice service=sshd' 'alice cn:alice from=10.0.0.0/8' \
		'alice cn:alice until=2020-01-01' \
		'* email:*@other.example' 'alice "issuer-subject:CN=x;CN=alice"'
	failure unmapped alice
}

@test "13 several things at once" {
	users 'bob cn:expired'
	crl_dir crl-missing
	failure several expired
}

@test "14 the root is missing: the path is shown as far as it goes" {
	ca_dir stranger.pem
	failure root-missing alice
	logged 'reason=unknown-ca .*detail="the issuer of CN=Test inter,O=Example .sent with the certificate. is missing: no certificate of CN=Test root,O=Example'
}

@test "15 a CA that was created again: the log names its file" {
	local kept=$PKI
	pki_copy "$S/again"
	pki_ca again --subject '/O=Example/CN=Test root'
	ca_dir again.pem
	pki_use "$kept"
	failure root-again alice
	logged 'detail=".*with another key: /etc/certauth/ca/e7817ed4.0 .again.pem.'
}

@test "the set-up cannot be used: exit 2, and the next command" {
	chmod g+w "$S/etc/certauth/users"
	explain alice --user alice
	[ "$status" -eq 2 ]
	[[ $output == *'PAM code: PAM_AUTHINFO_UNAVAIL'* ]]
	[[ $stderr == *'certauth doctor'* ]]
	agrees alice alice
	chmod g-w "$S/etc/certauth/users"
	conf default 'nonsense = 1'
	explain alice --user alice
	[ "$status" -eq 2 ]
	[[ $output == *'(config)'*'PAM code: PAM_SERVICE_ERR'* ]]
	[[ $stderr == *'certauth.conf:'*nonsense* ]]
	agrees alice alice
}

@test "waived, and what is not checked" {
	conf default 'crl = off'
	explain alice --user alice
	[ "$status" -eq 0 ]
	[[ $output == *'revocation  waived, crl-off'* ]]
	[[ $output == *'no CRL used: crl = off'* ]]
	agrees alice alice
}

@test "mode = audit" {
	conf default 'mode = audit'
	explain alice --user alice
	[ "$status" -eq 0 ]
	[[ $output == *'PAM code: PAM_IGNORE, regardless'* ]]
}

@test "the module's arguments count; --config is alone" {
	users 'alice cn:alice service=test'
	service test crl=off mode=audit
	explain alice --user alice
	[[ $output == *"arguments at /etc/pam.d/test:1"* ]]
	[[ $output == *'crl-off'*PAM_IGNORE*'mode = audit'* ]]
	explain alice --user alice --config /etc/certauth/certauth.conf
	[[ $output != *'mode = audit'* ]]
	# through an @include, and with a continued line
	mv "$S/etc/pam.d/test" "$S/etc/pam.d/common"
	printf '# %s\nauth [success=1 default=ignore] pam_debug.so\n@include common\n' \
		"$MODULE" >"$S/etc/pam.d/test"
	printf 'auth required \\\n %s \\\n crl=off\n' "$MODULE" >"$S/etc/pam.d/common"
	explain alice --user alice
	[[ $output == *"/etc/pam.d/common:1"*crl-off* ]]
}

@test "indexed and streamed CRLs are told apart" {
	explain alice --user alice
	[[ $output == *'CRL '*', streamed: does not revoke it'* ]]
	# compile waits until the file is not being changed
	ca_dir root.pem inter.pem
	in_place "$CERTAUTH" crl compile inter.crl
	explain alice --user alice
	[ "$status" -eq 0 ]
	[[ $output == *'(inter.crl): '*', 1 entry, indexed: does not revoke it'* ]]
}

@test "--time, --rhost and no user" {
	explain alice --time 2020-01-01T00:00:00Z --user alice
	[ "$status" -eq 1 ]
	[[ $output == *'NOT YET VALID'* ]]
	users 'alice cn:alice from=10.0.0.0/8'
	explain alice --rhost 10.1.2.3
	[ "$status" -eq 0 ]
	[[ $output == *'the login that the certificate maps to'*'yes, matches: alice'* ]]
	explain alice --rhost 11.1.2.3
	[ "$status" -eq 1 ]
}

@test "--json says the same" {
	map revoked
	explain revoked --user alice --json
	[ "$status" -eq 1 ]
	echo "$output" | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["outcome"] == "denied" and o["reason"] == "revoked", o
assert o["pam_code"] == "PAM_AUTH_ERR" and o["signature_checked"] is False
c = o["checks"]
assert list(c) == ["signature", "chain", "validity", "purpose", "revocation", "mapping"]
assert c["signature"]["verdict"] == "not-run"
assert c["revocation"]["verdict"] == "fail"
assert [x["anchor"] for x in o["chain"]] == [False, False, True]
crl = o["chain"][0]["crls"][0]
assert crl["revoked"] and crl["engine"] == "stream" and crl["entries"] == 1, crl
assert 0 <= crl["age"] < 90000 and crl["next_update"].endswith("Z")
assert o["rules"][0]["matched"] and o["rules"][0]["made"] == "alice"
'
	conf default 'nonsense = 1'
	explain alice --json
	echo "$output" | python3 -c '
import json, sys
o = json.load(sys.stdin)
assert o["reason"] == "config" and o["pam_code"] == "PAM_SERVICE_ERR"
'
}

@test "text of others is escaped" {
	users $'alice "cn:\\\\1b[2J"'
	explain alice --user $'al\e[2Jice'
	echo "$output" >"$S/text"
	run ! grep -q $'\e' "$S/text"
}

@test "colour on a terminal, none with NO_COLOR nor in a file" {
	local cmd="$CERTAUTH explain --service test --user alice $PKI/alice-chain.pem"
	explain alice --user alice
	[[ $output != *$'\e['* ]]
	in_place env -u NO_COLOR TERM=xterm script -qec "$cmd" /dev/null >"$S/text" </dev/null
	grep -q $'\e\[32mwould be granted' "$S/text"
	in_place env NO_COLOR=1 TERM=xterm script -qec "$cmd" /dev/null >"$S/text" </dev/null
	grep -q 'would be granted' "$S/text"
	run ! grep -q $'\e\[3' "$S/text"
}

@test "wrong use names what helps" {
	run "$CERTAUTH" explain
	[ "$status" -eq 2 ]
	[[ $output == *'one certificate'*'certauth explain --help'* ]]
	run "$CERTAUTH" explain --nonsense x
	[ "$status" -eq 2 ]
	run "$CERTAUTH" explain "$PKI/alice.key"
	[ "$status" -eq 2 ]
	[[ $output == *"$PKI/alice.key is a private key; to log in, use --key FILE"* ]]
	run "$CERTAUTH" explain /nonexistent
	[ "$status" -eq 2 ]
}
