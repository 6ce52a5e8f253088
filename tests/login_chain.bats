#!/usr/bin/env bats
# Logins that must be refused because of the certificate, each with its reason in
# the log.  Every certificate is mapped, and correct in all other respects.
load lib/common

setup_file() {
	place_make
	map alice direct expired future server stranger-leaf under-leaf \
		too-deep misnamed weak-digest rsa1024 rsa2048 under-sha1
}
teardown_file() { place_remove; }

@test "the good one, so that the rest means something" {
	login_ok
	login_ok --cert direct
}

@test "a key that does not belong to the certificate" {
	login_denied signature --cert alice --key bob
}

@test "unknown CA" {
	login_denied unknown-ca --cert stranger-leaf
}

@test "unknown CA, whose root the client sends along" {
	cat "$PKI/stranger-leaf.pem" "$PKI/stranger.pem" >"$S/with-root.pem"
	login_denied unknown-ca --raw --cert "$S/with-root.pem" \
		--key "$PKI/stranger-leaf.key"
}

@test "expired" {
	login_denied expired --cert expired
}

@test "not yet valid" {
	login_denied not-yet-valid --cert future
}

@test "an expired CA" {
	local ca
	pki_copy "$S/old"
	ca=$PKI
	pki_ca old --from -20d --to -1d
	pki_leaf young old
	pki_crl old
	ca_dir old.pem
	crl_dir old.crl
	users "alice sha256:$(pki_sha256 "$ca/young.pem")"
	login_denied expired --raw --cert "$ca/young.pem" --key "$ca/young.key"
	ca_dir root.pem
	crl_dir crl
	map alice server direct under-leaf too-deep misnamed weak-digest \
		rsa1024 rsa2048 under-sha1
}

@test "wrong purpose" {
	login_denied purpose --cert server
}

@test "purpose = any, or an OID that the certificate has, lets it in" {
	conf default 'purpose = any'
	login_ok --cert server
	conf_reset
	conf default 'purpose = 1.3.6.1.5.5.7.3.1'
	login_ok --cert server
	conf_reset
}

@test "smart card logon as the purpose" {
	local ca
	pki_copy "$S/logon"
	ca=$PKI
	pki_leaf logon inter --eku '1.3.6.1.4.1.311.20.2.2'
	echo "alice sha256:$(pki_sha256 "$ca/logon.pem")" \
		>>"$S/etc/certauth/users"
	cat "$ca/logon.pem" "$ca/inter.pem" >"$S/logon.pem"
	login_denied purpose --raw --cert "$S/logon.pem" --key "$ca/logon.key"
	conf default 'purpose = 1.3.6.1.4.1.311.20.2.2'
	login_ok --raw --cert "$S/logon.pem" --key "$ca/logon.key"
	login_denied purpose --cert alice
	conf_reset
}

@test "issued by a certificate that is no CA" {
	login_denied not-a-ca --cert under-leaf
}

@test "path length" {
	login_denied path-length --cert too-deep
}

@test "name constraints" {
	login_denied name-constraints --cert misnamed
}

@test "signed with SHA-1: the leaf" {
	login_denied weak --cert weak-digest
}

@test "signed with SHA-1: an intermediate" {
	login_denied weak --cert under-sha1
}

@test "signed with MD5" {
	local ca
	pki_copy "$S/md5"
	ca=$PKI
	# OpenSSL makes no ECDSA signatures with MD5
	pki_ca rsa-ca --issuer root --key rsa2048
	pki_leaf md5 rsa-ca --md md5
	pki_crl rsa-ca
	crl_dir root.crl rsa-ca.crl
	echo "alice sha256:$(pki_sha256 "$ca/md5.pem")" \
		>>"$S/etc/certauth/users"
	cat "$ca/md5.pem" "$ca/rsa-ca.pem" >"$S/md5.pem"
	login_denied weak --raw --cert "$S/md5.pem" --key "$ca/md5.key"
	crl_dir crl
}

@test "RSA of 1024 bits: the leaf" {
	login_denied key-weak --cert rsa1024
}

@test "RSA of 1024 bits: the CA" {
	local ca
	pki_copy "$S/small"
	ca=$PKI
	pki_ca small --issuer root --key rsa1024
	pki_leaf under-small small
	pki_crl small
	crl_dir root.crl small.crl
	echo "alice sha256:$(pki_sha256 "$ca/under-small.pem")" \
		>>"$S/etc/certauth/users"
	cat "$ca/under-small.pem" "$ca/small.pem" >"$S/small.pem"
	login_denied weak --raw --cert "$S/small.pem" --key "$ca/under-small.key"
	crl_dir crl
}

@test "a signature scheme that was not offered: SHA-1, and PKCS#1 turned off" {
	login_denied scheme --cert rsa2048 --scheme rsa_pkcs1_sha1
	conf default 'rsa_pkcs1 = no'
	login_denied scheme --cert rsa2048 --scheme rsa_pkcs1_sha256
	login_ok --cert rsa2048
	conf_reset
}

@test "a scheme of another kind of key" {
	login_denied scheme --cert alice --scheme ecdsa_secp384r1_sha384
}

@test "a certificate with a bit changed" {
	login_denied '(chain-signature|cert-malformed)' --how flip-cert
}

@test "unmapped" {
	users '# nobody yet'
	login_denied unmapped
}

@test "mapped to another user" {
	users "bob sha256:$(pki_sha256 "$PKI/alice.pem")"
	login_denied other-user
	LOGIN=bob login_ok
}

@test "a user without mapping, and one who does not exist, are asked the same" {
	LOGIN=carol login_denied other-user
	grep -o 'certauth1 .* next=0' "$S/seen" | wc -c >"$S/carol"
	LOGIN=erika login_denied '(other-user|login-invalid)'
	grep -o 'certauth1 .* next=0' "$S/seen" | wc -c >"$S/erika"
	cmp "$S/carol" "$S/erika"
}

@test "a ca_dir of a service: the commands of the log install there" {
	conf_reset
	crl_dir crl
	mkdir -p "$S/etc/certauth/own"
	conf test 'ca_dir = /etc/certauth/own'
	map alice
	login_denied unknown-ca
	not_logged 'setup --ca'
	logged 'copy its certificate to /etc/certauth/own, or to intermediates_dir'
	logged 'run `openssl rehash` with that directory'
	cp "$PKI/root.pem" "$S/etc/certauth/own/"
	in_place openssl rehash /etc/certauth/own
	login_ok
	conf_reset
}

# unsupported NAME RAW-OPTION ...: the log has the reason, the name, and no other
unsupported() {
	local name=$1
	shift
	login_denied unsupported --raw "$@"
	logged "$name"
	not_logged 'weak'
}

@test "algorithms that are not supported: the reason is not a weak key" {
	local pq=$HERE/tests/data/pq old
	conf_reset
	map alice
	ca_dir root.pem "$pq/p256-ca.pem" "$pq/slhdsa-ca.pem" "$pq/mldsa65-ca.pem"
	unsupported 'its key is for SLH-DSA, which certauth does not support' \
		--cert "$pq/slhdsa-under-p256.pem" --key "$PKI/alice.key"
	# signed by an algorithm: HSS/LMS, SLH-DSA, and one without a name
	while read -r old name; do
		python3 "$HERE/tests/lib/algorithm.py" "$PKI/direct.pem" "$old" \
			>"$S/signed.pem"
		unsupported "its signature is $name, which certauth does not support" \
			--cert "$S/signed.pem" --key "$PKI/direct.key"
	done <<-'END'
		060b2a864886f70d0109100311 HSS/LMS
		0609608648016503040314 SLH-DSA
		06032a0304 1\.2\.3\.4
	END
	if pki_has_mldsa; then return; fi
	unsupported 'its key is for ML-DSA-65, which this libcrypto .*OpenSSL 3\.5' \
		--cert "$pq/mldsa65-under-p256.pem" --key "$PKI/alice.key"
	python3 "$HERE/tests/lib/algorithm.py" "$PKI/direct.pem" \
		0609608648016503040312 >"$S/signed.pem"
	unsupported 'its signature is ML-DSA-65, which this libcrypto .*OpenSSL 3\.5' \
		--cert "$S/signed.pem" --key "$PKI/direct.key"
}

@test "a CRL whose signature has an algorithm that is not supported" {
	conf_reset
	conf default 'crl = require'
	map direct
	ca_dir root.pem
	python3 "$HERE/tests/lib/algorithm.py" "$PKI/root.crl" \
		0609608648016503040314 >"$S/slhdsa.crl"
	crl_dir root.crl
	login_ok --cert direct
	crl_dir "$S/slhdsa.crl"
	login_denied unsupported --cert direct
	logged 'is signed with SLH-DSA, which certauth does not support'
	not_logged 'weak'
	conf_reset
	crl_dir crl
}
