#!/usr/bin/env bats
# Logins that must be granted: each kind of key, each way to a root.
load lib/common

setup_file() {
	place_make
	map alice p256 p384 p521 ed25519 ed448 rsa2048 rsa4096 direct \
		no-eku well-named
}
teardown_file() { place_remove; }

setup() {
	conf_reset
	ca_dir root.pem
	crl_dir crl
}

@test "P-256 under an intermediate" {
	login_ok --cert p256
	logged 'scheme=ecdsa_secp256r1_sha256'
}

@test "P-384" {
	login_ok --cert p384
	logged 'scheme=ecdsa_secp384r1_sha384'
}

@test "P-521" {
	login_ok --cert p521
	logged 'scheme=ecdsa_secp521r1_sha512'
}

@test "Ed25519" {
	login_ok --cert ed25519
	logged 'scheme=ed25519'
}

@test "Ed448" {
	login_ok --cert ed448
	logged 'scheme=ed448'
}

@test "RSA 2048, PSS with each hash" {
	local hash
	for hash in 256 384 512; do
		login_ok --cert rsa2048 --scheme rsa_pss_rsae_sha$hash
		logged "scheme=rsa_pss_rsae_sha$hash"
	done
}

@test "RSA 2048, PKCS#1 with each hash" {
	local hash
	for hash in 256 384 512; do
		login_ok --cert rsa2048 --scheme rsa_pkcs1_sha$hash
		logged "scheme=rsa_pkcs1_sha$hash"
	done
}

@test "RSA 4096" {
	login_ok --cert rsa4096
	logged 'scheme=rsa_pss_rsae_sha'
}

@test "straight under the root" {
	login_ok --cert direct
}

@test "a certificate without extendedKeyUsage is for every purpose" {
	login_ok --cert no-eku
}

@test "names within the name constraints" {
	login_ok --cert well-named
}

@test "the intermediate comes from ca_dir when the client does not send it" {
	login_denied unknown-ca --raw --cert "$PKI/alice.pem" \
		--key "$PKI/alice.key"
	ca_dir root.pem inter.pem
	login_ok --raw --cert "$PKI/alice.pem" --key "$PKI/alice.key"
}

@test "the intermediate comes from intermediates_dir" {
	pki_dir "$S/etc/certauth/intermediates" inter.pem
	conf default 'intermediates_dir = /etc/certauth/intermediates'
	login_ok --raw --cert "$PKI/alice.pem" --key "$PKI/alice.key"
}

@test "ca_dir without hashed names, and in DER" {
	rm -rf "$S/etc/certauth/ca"
	mkdir "$S/etc/certauth/ca"
	cp "$PKI/root.pem" "$S/etc/certauth/ca/our root.pem"
	login_ok
	rm "$S/etc/certauth/ca/our root.pem"
	openssl x509 -in "$PKI/root.pem" -outform DER \
		-out "$S/etc/certauth/ca/root.der"
	login_ok
}

@test "CRLs in DER, without hashed names" {
	local f
	rm -rf "$S/etc/certauth/crl"
	mkdir "$S/etc/certauth/crl"
	for f in root inter; do
		openssl crl -in "$PKI/$f.crl" -outform DER \
			-out "$S/etc/certauth/crl/$f.crl"
	done
	login_ok
	login_denied revoked --cert revoked
}

@test "several CAs under one subject" {
	local twin
	pki_copy "$S/twins"
	twin=$PKI
	# another root of root's very name
	pki_ca twin --subject '/O=Example/CN=Test root'
	pki_leaf under-twin twin
	pki_crl twin
	ca_dir twin.pem root.pem
	crl_dir twin.crl root.crl inter.crl
	echo "alice sha256:$(pki_sha256 "$twin/under-twin.pem")" \
		>>"$S/etc/certauth/users"
	login_ok --raw --cert "$twin/under-twin.pem" --key "$twin/under-twin.key"
	login_ok
}

@test "short answers: every length from 64 on carries the response" {
	local max
	for max in 64 65 127 511; do
		conf default "max_answer = $max"
		login_ok
	done
}

@test "an answer longer than asked for is fine if it arrives whole" {
	login_ok --how whole
}

@test "a program on a terminal" {
	login_ok --pty
}

@test "no PAM_USER: the certificate names the login" {
	printf '%s\n' "auth required $MODULE" \
		'auth required pam_warn.so' >"$S/etc/pam.d/nouser"
	LOGIN='' SERVICE=nouser login_ok
	logged 'outcome=granted.* user="alice"'
	logged 'pam_warn.*user=\[alice\]'
}

@test "an empty certificate_list stands for the registered certificates" {
	mkdir -p "$S/etc/certauth/users.d/alice"
	cp "$PKI/bob.pem" "$S/etc/certauth/users.d/alice/1.pem"
	cp "$PKI/alice.pem" "$S/etc/certauth/users.d/alice/2.pem"
	ca_dir root.pem inter.pem
	login_ok --raw --cert - --key "$PKI/alice.key"
	login_denied signature --raw --cert - --key "$PKI/rsa2048.key"
	rm -r "$S/etc/certauth/users.d"
	login_denied no-registered --raw --cert - --key "$PKI/alice.key"
}

@test "id-RSASSA-PSS: free, and confined to a hash" {
	local kind hash
	careless_client "$S/bin/openssl-client.sh"
	for kind in rsapss rsapss-sha256 rsapss-sha384 rsapss-sha512; do
		pki_leaf "$kind" inter --key "$kind"
		cat "$PKI/$kind.pem" "$PKI/inter.pem" >"$PKI/$kind-chain.pem"
		hash=${kind#rsapss}
		hash=${hash#-}
		map "$kind"
		login_ok --cert "$kind" \
			--scheme "rsa_pss_pss_${hash:-sha256}"
		logged "scheme=rsa_pss_pss_${hash:-sha256}"
		# certauth itself, which also sees what the key is for
		log_mark
		in_place env HOME="$S" setsid -w "$CERTAUTH" try \
			--cert "$PKI/$kind-chain.pem" --key "$PKI/$kind.key" \
			test alice </dev/null
		logged 'outcome=granted'
		logged "scheme=rsa_pss_pss_${hash:-sha256}"
		# verify, explain and the login say the same
		"$CERTAUTH" verify --config "$S/etc/certauth/certauth.conf" \
			--ca-dir "$PKI/ca" --no-crl "$PKI/$kind-chain.pem"
		# the client of shell and openssl knows SHA-256 alone
		[[ $kind == *sha[35]* ]] || login_ok --client "env HOME=$S \
			XDG_RUNTIME_DIR=$S CERT=$PKI/$kind-chain.pem \
			KEY=$PKI/$kind.key $S/bin/openssl-client.sh"
	done
	# a signature by another hash than the key's
	map rsapss-sha384
	login_denied scheme --cert rsapss-sha384 --scheme rsa_pss_pss_sha256 \
		--junk-bytes 256
	# and none by the schemes of rsaEncryption
	map rsapss
	login_denied scheme --cert rsapss --scheme rsa_pss_rsae_sha256 \
		--junk-bytes 256
	login_denied scheme --cert rsa2048 --scheme rsa_pss_pss_sha256
	login_denied signature --cert rsapss --how flip-signature
}
