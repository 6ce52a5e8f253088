#!/usr/bin/env bats
# certauth-sign, the module's helper: what it is made of, and that `helper' may name
# it or certauth.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$S/bin/"
	cat "$PKI/alice-chain.pem" >"$S/home/alice/login.pem"
	openssl pkcs8 -topk8 -in "$PKI/alice.key" -iter 100 \
		-passout pass:secret >>"$S/home/alice/login.pem"
	chmod 600 "$S/home/alice/login.pem"
	[ "$(id -u)" -ne 0 ] || chown 2001:2001 "$S/home/alice/login.pem"
}

teardown_file() {
	place_remove
}

# needed FILE: the libraries that it names itself
needed() {
	readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(lib[a-z0-9-]*\)\.so.*/\1/p' |
		sort
}

@test "certauth-sign needs libcrypto and p11-kit alone" {
	needed "$CERTAUTH_BUILD/certauth-sign" >"$BATS_TEST_TMPDIR/have"
	# a sanitizer's build adds its own
	if grep -qE '^lib(asan|tsan|ubsan)' "$BATS_TEST_TMPDIR/have"; then
		skip 'a build with a sanitizer'
	fi
	printf '%s\n' libc libcrypto libp11-kit | diff - "$BATS_TEST_TMPDIR/have"
	# and the check can fail
	needed "$CERTAUTH_BUILD/certauth" | grep -qx libcdb
}

# What judges logins or reads configuration is not linked into it.
@test "certauth-sign has no code of the rooms that judge, or that read configuration" {
	local other='ca_(config|key_set|report|crl|crls|rev|revocation|cadir|users|map|auth|doctor|cli)_'
	nm "$CERTAUTH_BUILD/certauth-sign" >"$BATS_TEST_TMPDIR/names"
	grep -q ' [Tt] ca_key_p11$' "$BATS_TEST_TMPDIR/names" ||
		skip 'the program is stripped'
	run ! grep -E " [Tt] $other" "$BATS_TEST_TMPDIR/names"
	nm "$CERTAUTH_BUILD/certauth" >"$BATS_TEST_TMPDIR/names"
	grep -qE " [Tt] $other" "$BATS_TEST_TMPDIR/names"
}

@test "certauth-sign by hand: a message and status 2" {
	local args
	for args in --help 'sign' 'sign --pieces' 'sign --helper more' \
		'verify --helper'; do
		# shellcheck disable=SC2086 # words
		run -2 "$HELPER" $args </dev/null
		[[ $output == *'run: certauth sign'* ]]
	done
	run -2 script -qec "$HELPER" /dev/null
	[[ $output == *'run: certauth sign'* ]]
}

@test "without a request certauth-sign fails, with the module's arguments or none" {
	run -1 "$HELPER" </dev/null
	[[ $output == 'failed '* ]]
	run -1 "$HELPER" sign --helper </dev/null
	[[ $output == 'failed '* ]]
}

@test "helper may be certauth-sign or, as in configurations of before, certauth" {
	local program
	need_root
	for program in "$HELPER" "$CERTAUTH"; do
		service test proof=command "helper=$program" \
			"key_file=$S/home/%u/login.pem"
		log_mark
		in_place "$S/bin/pamdrive" -s test -u alice -C 'echo secret' \
			>"$S/seen"
		cat "$S/seen"
		grep -q '^authenticate PAM_SUCCESS$' "$S/seen"
		logged outcome=granted
	done
}
