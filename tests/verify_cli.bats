#!/usr/bin/env bats
# What `certauth verify` and `certauth inspect` say, and with what exit status.
load lib/common

setup_file() {
	pki_shared "$BATS_FILE_TMPDIR/pki"
	export CERTAUTH=$CERTAUTH_BUILD/certauth
	export CONF=$BATS_FILE_TMPDIR/certauth.conf
	: >"$CONF"
}

verify() {
	run "$CERTAUTH" verify --config "$CONF" "$@"
}

@test "the chain is a tree, the anchor on top" {
	verify --ca-dir "$PKI/ca" --crl-dir "$PKI/crl" "$PKI/alice-chain.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == accepted:* ]]
	[[ $output == *'revocation  pass'* ]]
	[[ $output == *"
  CN=Test root,O=Example  ("*"[trust anchor]
    \`- CN=Test inter,O=Example  ("*"
      \`- CN=alice,O=Example  ("* ]]
}

@test "a CA directory of one's own comes without the site's CRLs, and it says so" {
	verify --ca-dir "$PKI/ca" "$PKI/revoked-chain.pem"
	[ "$status" -eq 0 ]
	[[ $output == *'revocation  waived, crl-off'* ]]
	[[ $output == *'revocation was not checked'* ]]
	verify --ca-dir "$PKI/ca" --crl-dir "$PKI/crl" "$PKI/revoked-chain.pem"
	[ "$status" -eq 1 ]
	[[ $output == rejected:*'(revoked)'* ]]
	[[ $output != *'was not checked'* ]]
}

@test "every finding is shown" {
	verify --ca-dir "$PKI/ca" --crl-dir "$PKI/crl-missing" \
		--purpose sslserver "$PKI/expired-chain.pem"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *'chain       pass'* ]]
	[[ $output == *'validity    fail, expired'* ]]
	[[ $output == *'purpose     fail, purpose'* ]]
	[[ $output == *'revocation  fail, crl-missing'* ]]
}

@test "JSON is JSON, with stable codes" {
	verify --json --ca-dir "$PKI/ca" --crl-dir "$PKI/crl" \
		"$PKI/revoked-chain.pem"
	[ "$status" -eq 1 ]
	python3 - "$output" <<-'END'
		import json, sys
		r = json.loads(sys.argv[1])
		assert r['outcome'] == 'rejected', r
		assert r['reason'] == 'revoked', r
		assert set(r['checks']) == {'chain', 'validity', 'purpose',
		    'revocation'}, r
		assert r['checks']['revocation']['verdict'] == 'fail', r
		assert r['checks']['chain']['verdict'] == 'pass', r
		assert r['facts']['subject'] == 'CN=revoked,O=Example', r
		assert len(r['facts']['sha256']) == 64, r
	END
}

@test "quiet says nothing" {
	verify --quiet --ca-dir "$PKI/ca" --no-crl "$PKI/alice-chain.pem"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "a certificate that does not decode is rejected, a file that is none an error" {
	openssl x509 -in "$PKI/alice.pem" -outform DER >"$BATS_TEST_TMPDIR/a"
	{
		echo '-----BEGIN CERTIFICATE-----'
		head -c 300 "$BATS_TEST_TMPDIR/a" | base64
		echo '-----END CERTIFICATE-----'
	} >"$BATS_TEST_TMPDIR/cut.pem"
	verify --ca-dir "$PKI/ca" --no-crl "$BATS_TEST_TMPDIR/cut.pem"
	[ "$status" -eq 1 ]
	[[ $output == *cert-malformed* ]]
	verify --ca-dir "$PKI/ca" --no-crl /etc/passwd
	[ "$status" -eq 2 ]
	verify --ca-dir "$PKI/ca" --no-crl "$PKI/alice.key"
	[ "$status" -eq 2 ]
	[[ $output == *"$PKI/alice.key is a private key; to log in, use --key FILE"* ]]
}

@test "paths relative to where one is" {
	cd "$PKI"
	verify --ca-dir ca --crl-dir crl --intermediates inter.pem alice.pem
	[ "$status" -eq 0 ]
}

@test "intermediates from a directory" {
	verify --ca-dir "$PKI/ca" --no-crl "$PKI/alice.pem"
	[ "$status" -eq 1 ]
	[[ $output == *unknown-ca* ]]
	verify --ca-dir "$PKI/ca" --no-crl --intermediates-dir "$PKI/ca-all" \
		"$PKI/alice.pem"
	[ "$status" -eq 0 ]
}

@test "an anchor need not be self-signed, and needs no CRL of its own" {
	mkdir "$BATS_TEST_TMPDIR/anchor"
	cp "$PKI/inter.pem" "$BATS_TEST_TMPDIR/anchor"
	mkdir "$BATS_TEST_TMPDIR/crl"
	cp "$PKI/inter.crl" "$BATS_TEST_TMPDIR/crl"
	verify --ca-dir "$BATS_TEST_TMPDIR/anchor" \
		--crl-dir "$BATS_TEST_TMPDIR/crl" "$PKI/alice.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *'revocation  pass'* ]]
	verify --ca-dir "$BATS_TEST_TMPDIR/anchor" \
		--crl-dir "$BATS_TEST_TMPDIR/crl" "$PKI/revoked.pem"
	[ "$status" -eq 1 ]
}

@test "a root that its own CRL lists is refused, with every libcrypto" {
	local PKI=$BATS_TEST_TMPDIR/pki
	pki_new "$PKI"
	pki_ca own
	pki_ca below --issuer own
	pki_leaf direct own
	pki_leaf deep below
	pki_crl own
	pki_crl below
	mkdir "$BATS_TEST_TMPDIR/ca" "$BATS_TEST_TMPDIR/crl"
	cp "$PKI/own.pem" "$BATS_TEST_TMPDIR/ca"
	cp "$PKI/own.crl" "$PKI/below.crl" "$BATS_TEST_TMPDIR/crl"
	cat "$PKI/below.pem" >>"$PKI/deep.pem"
	for n in direct deep; do
		verify --ca-dir "$BATS_TEST_TMPDIR/ca" \
			--crl-dir "$BATS_TEST_TMPDIR/crl" "$PKI/$n.pem"
		[ "$status" -eq 0 ]
	done
	pki_revoke own own
	pki_crl own
	cp "$PKI/own.crl" "$BATS_TEST_TMPDIR/crl"
	for n in direct deep; do
		verify --ca-dir "$BATS_TEST_TMPDIR/ca" \
			--crl-dir "$BATS_TEST_TMPDIR/crl" "$PKI/$n.pem"
		echo "$output"
		[ "$status" -eq 1 ]
		[[ $output == *'(revoked)'*'CN=Test own'* ]]
	done
}

@test "a CA directory that others may write to is no CA directory" {
	mkdir "$BATS_TEST_TMPDIR/ca"
	cp "$PKI/root.pem" "$BATS_TEST_TMPDIR/ca"
	verify --ca-dir "$BATS_TEST_TMPDIR/ca" --no-crl "$PKI/direct.pem"
	[ "$status" -eq 0 ]
	chmod g+w "$BATS_TEST_TMPDIR/ca"
	verify --ca-dir "$BATS_TEST_TMPDIR/ca" --no-crl "$PKI/direct.pem"
	[ "$status" -eq 2 ]
	[[ $output == *ca-dir* ]]
	[[ $output == *'writable by its group'* ]]
}

@test "the environment and openssl.cnf decide nothing" {
	printf 'openssl_conf = x\n[x]\nproviders = p\n[p]\nnone = none\n' \
		>"$BATS_TEST_TMPDIR/openssl.cnf"
	OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf SSL_CERT_DIR=$PKI/ca-all \
		SSL_CERT_FILE=$PKI/stranger.pem OPENSSL_MODULES=/nowhere \
		verify --ca-dir "$PKI/ca" --no-crl "$PKI/alice-chain.pem"
	[ "$status" -eq 0 ]
	SSL_CERT_FILE=$PKI/stranger.pem \
		verify --ca-dir "$PKI/ca" --no-crl "$PKI/stranger-leaf.pem"
	[ "$status" -eq 1 ]
}

@test "wrong options are said and are 2" {
	verify --ca-dir "$PKI/ca" --no-crl --purpose nonsense "$PKI/alice.pem"
	[ "$status" -eq 2 ]
	verify --ca-dir "$PKI/ca" --no-crl --crl-dir "$PKI/crl" "$PKI/alice.pem"
	[ "$status" -eq 2 ]
	verify --time yesterday "$PKI/alice.pem"
	[ "$status" -eq 2 ]
	verify --no-such-option "$PKI/alice.pem"
	[ "$status" -eq 2 ]
	[[ $output == *no-such-option* ]]
	verify --ca-dir
	[ "$status" -eq 2 ]
	verify "$PKI/alice.pem" "$PKI/bob.pem"
	[ "$status" -eq 2 ]
}

@test "inspect names the certificate's selectors" {
	run "$CERTAUTH" inspect "$PKI/alice.pem"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"sha256:$(pki_sha256 "$PKI/alice.pem")"* ]]
	[[ $output == *"key:$(pki_key_sha256 "$PKI/alice.pem")"* ]]
	[[ $output == *'    email:alice@corp.example'* ]]
	[[ $output == *'    upn:alice@corp.example'* ]]
	[[ $output == *'    subject:CN=alice,O=Example'* ]]
	[[ $output == *clientAuth* ]]
	run "$CERTAUTH" inspect "$PKI/alice.key"
	[ "$status" -eq 1 ]
	run "$CERTAUTH" inspect "$PKI/nowhere.pem"
	[ "$status" -eq 2 ]
}

@test "inspect takes messages apart" {
	local request response
	request=$(sed -n 's/^request = //p' "$HERE/tests/data/vectors/protocol.txt" |
		head -n 1)
	response=$(sed -n 's/^response = //p' \
		"$HERE/tests/data/vectors/protocol.txt" | head -n 1)
	run "$CERTAUTH" inspect --request "$request"
	[ "$status" -eq 0 ]
	[[ $output == *'user        "alice"'* ]]
	run "$CERTAUTH" inspect --request \
		"(alice@web1) certauth1 $request next=0 max=500: "
	[ "$status" -eq 0 ]
	[[ $output == *'service     "sshd"'* ]]
	run "$CERTAUTH" inspect --response "$response"
	[ "$status" -eq 0 ]
	[[ $output == *'ecdsa_secp256r1_sha256'* ]]
	run "$CERTAUTH" inspect --response "${response%????}"
	[ "$status" -eq 1 ]
	run "$CERTAUTH" inspect --request 'not one'
	[ "$status" -eq 1 ]
}
