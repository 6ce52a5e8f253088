#!/usr/bin/env bats
# What is said of a file of certificates, one of which is refused or malformed:
# certauth verify, certauth explain (as text and as JSON) and a real login agree
# on the outcome and on the reason.
bats_require_minimum_version 1.5.0
load lib/common

setup_file() {
	place_make
	mkdir "$S/bad"
	python3 "$HERE/tests/lib/refused.py" "$PKI/alice.pem" "$S/bad"
	cp "$HERE/tests/data/pq/slhdsa-under-p256.pem" "$S/bad/slhdsa-real.pem"
	cp "$HERE/tests/data/pq/mldsa65-under-p256.pem" "$S/bad/mldsa65.pem"
	# its path needs nothing else
	map direct
}
teardown_file() { place_remove; }

setup() { T=$BATS_TEST_TMPDIR; }

# Each kind, the reason if it is the user's certificate, and the outcome if it
# follows the user's, which does not need it.
kinds() {
	cat <<-'END'
		slhdsa         unsupported    ok
		slhdsa-real    unsupported    ok
		hss            unsupported    ok
		unknown        unsupported    ok
		x25519         key-weak       ok
		x448           key-weak       ok
		dsa            key-weak       ok
		explicit       key-weak       ok
		rsa-slow       key-weak       ok
		rsa1024        key-weak       ok
		secp256k1      scheme         ok
		off-curve      cert-malformed ok
		extensions     cert-malformed ok
		name           cert-malformed ok
		cut            cert-malformed cert-malformed
		trailing       cert-malformed cert-malformed
		empty          cert-malformed cert-malformed
		no-certificate cert-malformed cert-malformed
		indefinite     cert-malformed cert-malformed
		no-key         cert-malformed cert-malformed
	END
	pki_has_mldsa || echo 'mldsa65 unsupported ok'
}

# verdict COMMAND OPTION ...: prints "STATUS REASON" of the command's JSON, and
# of explain's text
verdict() {
	local status=0 command=$1 text
	shift
	in_place "$CERTAUTH" "$command" --service test "$@" --json >"$T/json" \
		2>"$T/told" || status=$?
	python3 -c 'import json, sys
o = json.load(open(sys.argv[1]))
print(sys.argv[2], o["reason"])
assert (o["outcome"] in ("granted", "accepted")) == (sys.argv[2] == "0"), o
' "$T/json" "$status" || { cat "$T/json" "$T/told"; return 1; }
	[ "$command" = explain ] || return 0
	text=0
	in_place "$CERTAUTH" explain --service test "$@" >"$T/text" \
		2>"$T/told" || text=$?
	echo "$text $(sed -n '1s/^would be [a-z]*: .*(\([a-z-]*\))$/\1/p' "$T/text")"
}

# agree REASON FILE [LOGIN-OPTION ...]: all give this reason; ok: all grant
agree() {
	local reason=$1 file=$2 want
	shift 2
	want="$([ "$reason" = ok ] && echo 0 || echo 1) $reason"
	echo "# $file: $want"
	if [ "$reason" = ok ]; then
		login_ok --raw --cert "$file" "$@"
	else
		login_denied "$reason" --raw --cert "$file" "$@"
	fi
	[ "$(verdict verify --config /etc/certauth/certauth.conf "$file" |
		tee "$T/said")" = "$want" ] || { cat "$T/said"; return 1; }
	[ "$(verdict explain --user alice "$file" | tee "$T/said")" = \
		"$want"$'\n'"$want" ] || { cat "$T/said"; return 1; }
}

# every COMMAND ...: for each kind, with KIND, LEAF and MORE
every() {
	local n=0
	while read -r KIND LEAF MORE; do
		"$@" # not in a condition: each line of it must hold
		n=$((n + 1))
	done < <(kinds)
	[ "$n" -ge 20 ]
}

as_leaf() {
	local scheme=ecdsa_secp256r1_sha256
	cp "$S/bad/$KIND.pem" "$S/file.pem"
	agree "$LEAF" "$S/file.pem" --key "$PKI/direct.key" --scheme $scheme
	# the reason is said, and the other checks did not find another
	grep -q '^  signature   fail, ' "$T/text"
	[[ $KIND =~ ^(slhdsa|cut|rsa1024)$ ]] || return 0
	# before further certificates, of whatever kind
	cat "$S/bad/$KIND.pem" "$PKI/inter.pem" "$S/bad/cut.pem" \
		"$S/bad/x25519.pem" >"$S/file.pem"
	agree "$LEAF" "$S/file.pem" --key "$PKI/direct.key" --scheme $scheme
}

@test "the user's certificate is refused or malformed" { every as_leaf; }

@test "one that is valid, with a key that fits no signature scheme" {
	local ca
	pki_copy "$S/pss"
	ca=$PKI
	# TLS 1.3 has salts as long as the digest only
	openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 \
		-pkeyopt rsa_pss_keygen_md:sha256 \
		-pkeyopt rsa_pss_keygen_mgf1_md:sha256 \
		-pkeyopt rsa_pss_keygen_saltlen:40 -out "$ca/pss.key"
	pki_leaf odd root --key-of pss
	map odd
	agree scheme "$ca/odd.pem" --key "$ca/direct.key" \
		--scheme ecdsa_secp256r1_sha256
	grep -Fx '  chain       pass' "$T/text"
	map direct
}

as_more() {
	cat "$PKI/direct.pem" "$S/bad/$KIND.pem" >"$S/file.pem"
	agree "$MORE" "$S/file.pem" --key "$PKI/direct.key"
	cat "$PKI/direct.pem" "$S/bad/$KIND.pem" "$PKI/inter.pem" \
		"$S/bad/slhdsa.pem" >"$S/file.pem"
	agree "$MORE" "$S/file.pem" --key "$PKI/direct.key"
}

@test "a further certificate is refused or malformed" { every as_more; }

as_issuer() {
	local want=unknown-ca
	[ "$MORE" = ok ] || want=$MORE
	cat "$PKI/alice.pem" "$S/bad/$KIND.pem" >"$S/file.pem"
	agree "$want" "$S/file.pem" --key "$PKI/alice.key"
}

@test "one takes the place of an intermediate that is needed" {
	every as_issuer
}

@test "--intermediates: the same, and the file is named" {
	local kind want command
	while read -r kind _ want; do
		for command in verify explain; do
			run verdict $command --config /etc/certauth/certauth.conf \
				--intermediates "$S/bad/$kind.pem" "$PKI/direct.pem"
			echo "$command $kind: $output"
			if [ "$want" = ok ]; then
				[ "${lines[0]}" = '0 ok' ]
			else
				[ "${lines[0]}" = "1 $want" ]
				grep -q "certificate 1 of $S/bad/$kind.pem: malformed" "$T/json"
			fi
		done
	done < <(kinds)
	# none of them takes the place of a certificate that is refused
	for command in verify explain; do
		run verdict $command --config /etc/certauth/certauth.conf \
			--intermediates "$PKI/direct.pem" "$S/bad/x25519.pem"
		echo "$command: $output"
		[ "${lines[0]}" = '1 key-weak' ]
		run ! grep 'CN=direct' "$T/json"
	done
}

@test "what is said of them: the certificate, the file and the reason" {
	local command
	cat "$PKI/direct.pem" "$S/bad/slhdsa.pem" >"$S/file.pem"
	for command in verify explain; do
		verdict $command --config /etc/certauth/certauth.conf "$S/file.pem"
		grep -F "certificate 2 of $S/file.pem is not used: its key is for SLH-DSA, which certauth does not support" "$T/told"
	done
	cat "$PKI/direct.pem" "$PKI/inter.pem" "$S/bad/cut.pem" >"$S/file.pem"
	verdict explain --user alice "$S/file.pem"
	grep -Fx "  chain       fail, cert-malformed: a certificate is malformed; certificate 3 of $S/file.pem: malformed" "$T/text"
	verdict explain --user alice "$S/bad/x25519.pem"
	grep -E "^  signature   fail, key-weak: .*; the client's certificate is refused: its key is .*X25519" "$T/text"
	grep -Fx '  chain       not run: an earlier check failed' "$T/text"
	grep -Fx '  no path was built' "$T/text"
	# the configuration comes first, as in a login
	conf default 'nonsense = 1'
	run verdict explain --user alice "$S/bad/x25519.pem"
	conf_reset
	[ "${lines[0]}" = '2 config' ]
}
