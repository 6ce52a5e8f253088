#!/usr/bin/env bats
# PKCS#12 files: a clear message for each that cannot serve.

bats_require_minimum_version 1.5.0

HERE=$(cd "$(dirname "$BATS_TEST_FILENAME")/.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}
KEYTOOL=$CERTAUTH_BUILD/tests/key/keytool
# shellcheck source=tests/lib/pki.sh
. "$HERE/tests/lib/pki.sh"

setup_file() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/certauth-p12.XXXXXX")
	export T
	# shellcheck source=tests/lib/pki.sh
	. "$HERE/tests/lib/pki.sh"
	export CERTAUTH_BUILD
	pki_shared "$T/pki"
}

teardown_file() {
	rm -rf "$T"
}

# make FILE OPTION ...: openssl pkcs12 -export of alice with her chain
make() {
	local file=$1
	shift
	openssl pkcs12 -export -inkey "$PKI/alice.key" -in "$PKI/alice.pem" \
		-certfile "$PKI/inter.pem" -out "$T/$file" "$@"
}

# tool ANSWERS FILE [SCHEME ...]
tool() {
	local answers=$1 file=$2
	shift 2
	run timeout 60 "$KEYTOOL" p12 "$T/$file" "$@" \
		< <([ -z "$answers" ] || tr , '\n' <<<"$answers")
	echo "$output"
}

has() {
	grep -qF -- "$1" <<<"$output"
}

hasnt() {
	! grep -qF -- "$1" <<<"$output"
}

@test "a modern file, with its chain" {
	make modern.p12 -passout pass:secret
	tool secret modern.p12 all
	[ "$status" -eq 0 ]
	has "ask: Password for modern.p12: "
	has '1 more certificates, can ecdsa_secp256r1_sha256'
	has 'signed by ecdsa_secp256r1_sha256'
	hasnt 'export it again'
}

@test "a name that is too long for a field is not in the question" {
	local long
	long=$(printf '%061d' 0).p12
	make "$long" -passout pass:secret
	tool secret "$long" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	has 'ask: Password for the key file: '
	# one character less is
	make "${long#0}" -passout pass:secret
	tool secret "${long#0}" ecdsa_secp256r1_sha256
	has "ask: Password for ${long#0}: "
}

@test "RC2-40 and 3DES, as browsers made them, with a hint" {
	make old.p12 -legacy -passout pass:secret
	openssl pkcs12 -legacy -in "$T/old.p12" -info -noout \
		-passin pass:secret 2>&1 | grep -q 40BitRC2
	tool secret old.p12 all
	[ "$status" -eq 0 ]
	has 'signed by ecdsa_secp256r1_sha256'
	has 'export it again with a current program'
	# the key in RC2 too
	make older.p12 -legacy -passout pass:secret -keypbe PBE-SHA1-RC2-40 \
		-certpbe PBE-SHA1-RC2-40
	tool secret older.p12 all
	[ "$status" -eq 0 ]
	# 3DES alone needs no legacy provider
	make des.p12 -passout pass:secret -keypbe PBE-SHA1-3DES \
		-certpbe PBE-SHA1-3DES -macalg sha1
	tool secret des.p12 all
	[ "$status" -eq 0 ]
	tool wrong,wrong,wrong old.p12 all
	[ "$status" -eq 1 ]
	has 'the password is wrong'
}

@test "a wrong password is asked again, three times at most" {
	make modern.p12 -passout pass:secret
	tool wrong,secret modern.p12 all
	[ "$status" -eq 0 ]
	has 'error: Wrong password; try again.'
	tool 1,2,3,secret modern.p12 all
	[ "$status" -eq 1 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 3 ]
	has "$T/modern.p12: the password is wrong"
	tool '' modern.p12 all
	[ "$status" -eq 1 ]
	has 'needs a password, but you gave none'
	has 'failed: cancelled'
}

@test "an empty password, a missing one, and no check value" {
	make empty.p12 -passout pass:
	tool '' empty.p12 all
	[ "$status" -eq 0 ]
	hasnt 'ask:'
	make plain.p12 -passout pass: -keypbe NONE -certpbe NONE -nomac
	tool '' plain.p12 all
	[ "$status" -eq 0 ]
	hasnt 'ask:'
	make nomac.p12 -passout pass:secret -nomac
	tool wrong,secret nomac.p12 all
	[ "$status" -eq 0 ]
	has 'Wrong password; try again.'
}

@test "a check value over no password at all, in both of its forms" {
	# no bytes, and an empty string with its end (RFC 7292 B.1)
	make empty.p12 -passout pass: -keypbe NONE -certpbe NONE
	local form
	for form in null empty; do
		python3 "$HERE/tests/key/p12mac.py" $form "$T/empty.p12" \
			"$T/mac-$form.p12"
		tool '' mac-$form.p12 all
		echo "# $form"
		[ "$status" -eq 0 ]
		hasnt 'ask:'
	done
	run -1 cmp -s "$T/mac-null.p12" "$T/mac-empty.p12"
}

@test "PBMAC1 (RFC 9579), whatever libcrypto has" {
	make nomac.p12 -passout pass:secret -nomac
	local form
	for form in pbmac1 pbmac1-slow pbmac1-unknown; do
		python3 "$HERE/tests/key/p12mac.py" $form "$T/nomac.p12" \
			"$T/$form.p12"
	done
	tool wrong,secret pbmac1.p12 all
	[ "$status" -eq 0 ]
	has 'Wrong password; try again.'
	has 'signed by ecdsa_secp256r1_sha256'
	tool secret pbmac1-slow.p12
	[ "$status" -eq 1 ]
	has 'its password needs too many iterations'
	tool secret pbmac1-unknown.p12
	[ "$status" -eq 1 ]
	has 'is encrypted by'
	hasnt 'ask:'
}

@test "PBMAC1 as the openssl command makes it, from version 3.4 on" {
	openssl pkcs12 -help 2>&1 | grep -q -e -pbmac1_pbkdf2 ||
		skip 'openssl pkcs12 has no -pbmac1_pbkdf2 here'
	local md
	for md in sha256 sha384 sha512; do
		make real.p12 -passout pass:secret -pbmac1_pbkdf2 \
			-pbmac1_pbkdf2_md $md -macalg $md -iter 4096
		openssl pkcs12 -in "$T/real.p12" -passin pass:secret -info \
			-noout 2>&1 | grep -q PBMAC1
		tool wrong,secret real.p12 all
		[ "$status" -eq 0 ]
		has 'Wrong password; try again.'
		has '1 more certificates, can ecdsa_secp256r1_sha256'
		has 'signed by ecdsa_secp256r1_sha256'
	done
	# without encryption the check value alone finds the wrong password
	make real.p12 -passout pass:secret -pbmac1_pbkdf2 -keypbe NONE \
		-certpbe NONE
	tool wrong,secret real.p12 all
	[ "$status" -eq 0 ]
	has 'Wrong password; try again.'
	has 'signed by ecdsa_secp256r1_sha256'
	# and an empty password
	make real.p12 -passout pass: -pbmac1_pbkdf2
	tool '' real.p12 all
	[ "$status" -eq 0 ]
	hasnt 'ask:'
}

@test "in PEM, as some tools armour it, with text around it" {
	make modern.p12 -passout pass:secret
	{
		echo 'from the CA'
		echo '-----BEGIN PKCS12-----'
		base64 "$T/modern.p12"
		printf -- '-----END PKCS12-----'
	} >"$T/armour.p12"
	tool secret armour.p12 all
	[ "$status" -eq 0 ]
	has 'signed by ecdsa_secp256r1_sha256'
	sed '/END/d' "$T/armour.p12" >"$T/open.p12"
	tool secret open.p12
	[ "$status" -eq 1 ]
	has 'its PEM block is damaged'
}

@test "an old file on a machine without the legacy provider" {
	make old.p12 -legacy -passout pass:secret
	OPENSSL_MODULES=$T/none tool secret old.p12
	[ "$status" -eq 1 ]
	has 'old.p12 is encrypted by'
	has "OpenSSL's legacy provider"
	has 'openssl pkcs12 -legacy -in FILE'
	hasnt 'Wrong password'
}

@test "two passwords, and none that decrypts" {
	make twice.p12 -passout pass:secret -nomac
	# its check value is that of another password
	python3 - "$HERE/tests/key" "$T/twice.p12" "$T/two.p12" <<'END'
import hashlib, hmac, sys
sys.path.insert(0, sys.argv[1])
from der import integer, octets, oid, pfx, seq, split, tlv
_, auth, *_ = split(split(open(sys.argv[2], 'rb').read())[0][1])
content = split(split(split(auth[1])[1][1])[0][1 + 1])[0][1]
salt = bytes(16)
key = hashlib.pbkdf2_hmac('sha256', b'other', salt, 10, 32)
hmac256 = seq(oid('1.2.840.113549.2.9'), tlv(5))
alg = seq(oid('1.2.840.113549.1.5.14'), seq(
    seq(oid('1.2.840.113549.1.5.12'),
        seq(octets(salt), integer(10), integer(32), hmac256)), hmac256))
mac = seq(seq(alg, octets(hmac.new(key, content, hashlib.sha256).digest())),
          octets(b'x'), integer(1))
open(sys.argv[3], 'wb').write(pfx(content, mac))
END
	tool other two.p12
	[ "$status" -eq 1 ]
	has 'the password is right, but its contents cannot be decrypted'
}

@test "no key inside, no certificate inside, no pair" {
	openssl pkcs12 -export -nokeys -in "$PKI/alice.pem" \
		-out "$T/nokey.p12" -passout pass:secret
	tool secret nokey.p12
	[ "$status" -eq 1 ]
	has 'contains no private key; export the certificate again together with its key'
	openssl pkcs12 -export -nocerts -inkey "$PKI/alice.key" \
		-out "$T/nocert.p12" -passout pass:secret
	tool secret nocert.p12
	[ "$status" -eq 1 ]
	has 'contains a private key, but no certificate'
	python3 "$HERE/tests/key/p12join.py" "$T/nopair.p12" \
		"$PKI/bob.key" -- "$PKI/alice.pem" "$PKI/inter.pem"
	tool '' nopair.p12
	[ "$status" -eq 1 ]
	has 'none of its 2 certificates belongs to a private key in it'
}

@test "several keys: the one with a certificate, or the user chooses" {
	python3 "$HERE/tests/key/p12join.py" "$T/one.p12" "$PKI/bob.key" \
		"$PKI/alice.key" -- "$PKI/inter.pem" "$PKI/alice.pem"
	tool '' one.p12 all
	[ "$status" -eq 0 ]
	has 'signed by'
	hasnt 'note: More than one'
	python3 "$HERE/tests/key/p12join.py" "$T/two.p12" "$PKI/bob.key" \
		"$PKI/rsa2048.key" -- "$PKI/bob.pem" "$PKI/rsa2048.pem"
	tool 2 two.p12 rsa_pss_rsae_sha256
	[ "$status" -eq 0 ]
	has 'note: More than one certificate with its key is in'
	has 'note:   1  CN=bob,O=Example, valid until 20'
	has 'can rsa_pss'
	tool 3 two.p12
	[ "$status" -eq 1 ]
	has 'contains 2 certificates with their keys, and you chose none'
}

@test "an id-RSASSA-PSS key signs by the schemes of its kind alone" {
	pki_leaf rsapss inter --key rsapss
	openssl pkcs12 -export -inkey "$PKI/rsapss.key" -in "$PKI/rsapss.pem" \
		-passout pass: -out "$T/pss.p12"
	tool '' pss.p12 all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_pss_pss_sha' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^signed by' <<<"$output")" -eq 3 ]
	pki_leaf rsapss-sha384 inter --key rsapss-sha384
	openssl pkcs12 -export -inkey "$PKI/rsapss-sha384.key" \
		-in "$PKI/rsapss-sha384.pem" -passout pass: -out "$T/pss.p12"
	tool '' pss.p12 all
	has 'signed by rsa_pss_pss_sha384'
	[ "$(grep -c '^signed by' <<<"$output")" -eq 1 ]
}

@test "a certificate that may not be decoded is left out" {
	{
		echo '-----BEGIN CERTIFICATE-----'
		base64 "$HERE/tests/data/slow-key.der"
		echo '-----END CERTIFICATE-----'
	} >"$T/slow.pem"
	python3 "$HERE/tests/key/p12join.py" "$T/slow.p12" "$PKI/alice.key" \
		-- "$T/slow.pem" "$PKI/alice.pem"
	run valgrind --tool=callgrind \
		--callgrind-out-file=/dev/null "$KEYTOOL" p12 "$T/slow.p12" all \
		</dev/null
	echo "$output"
	[ "$status" -eq 0 ]
	has 'signed by'
	[ "$(sed -n 's/.*Collected : //p' <<<"$output")" -lt 300000000 ]
}

@test "a certificate that no host accepts is named, with the reason" {
	cp "$HERE/tests/data/pq/slhdsa.p12" "$T/"
	tool vector slhdsa.p12
	[ "$status" -ne 0 ]
	has 'slhdsa.p12: no host accepts a certificate in it, because its key is for SLH-DSA, which certauth does not support; use one with'
	hasnt 'but no certificate'
	openssl ecparam -name prime256v1 -param_enc explicit -genkey -noout \
		-out "$T/explicit.key"
	openssl req -x509 -key "$T/explicit.key" -subj /CN=alice -days 9 \
		-out "$T/explicit.pem"
	openssl pkcs12 -export -inkey "$T/explicit.key" -in "$T/explicit.pem" \
		-out "$T/explicit.p12" -passout pass:secret
	tool secret explicit.p12
	[ "$status" -ne 0 ]
	has 'explicit.p12: no host accepts a certificate in it, because its key is on an elliptic curve with explicit parameters'
	# without a key, the key is what is missing
	openssl pkcs12 -export -nokeys -in "$T/explicit.pem" \
		-out "$T/nokey.p12" -passout pass:secret
	tool secret nokey.p12
	[ "$status" -ne 0 ]
	has 'contains no private key'
}

@test "absent, a directory, empty, huge, not PKCS#12, bytes left over" {
	tool '' absent.p12
	[ "$status" -eq 1 ]
	has 'No such file or directory'
	has 'failed: not found'
	mkdir -p "$T/dir.p12"
	tool '' dir.p12
	[ "$status" -eq 1 ]
	has 'is not a regular file'
	: >"$T/zero.p12"
	tool '' zero.p12
	[ "$status" -eq 1 ]
	has 'zero.p12 is empty'
	head -c 1048577 /dev/zero >"$T/huge.p12"
	tool '' huge.p12
	[ "$status" -eq 1 ]
	has 'is larger than a key file may be'
	cp "$PKI/alice.pem" "$T/pem.p12"
	tool '' pem.p12
	[ "$status" -eq 1 ]
	has 'pem.p12 is a certificate; use --cert FILE for it'
	make modern.p12 -passout pass:secret
	(cat "$T/modern.p12"; echo) >"$T/tail.p12"
	tool secret tail.p12
	[ "$status" -eq 1 ]
	has 'is not a PKCS#12 file'
}

@test "a file that asks for years of work per password is refused" {
	make slow.p12 -passout pass: -keypbe NONE -certpbe NONE
	python3 "$HERE/tests/key/p12mac.py" slow "$T/slow.p12" "$T/slower.p12"
	tool '' slower.p12
	[ "$status" -eq 1 ]
	has 'its password needs too many iterations'
}

@test "100 damaged files: a message each, no crash, no hang" {
	make modern.p12 -passout pass:secret
	make old.p12 -legacy -passout pass:secret
	python3 "$HERE/tests/key/mangle.py" 50 "$T/modern.p12" "$T/a"
	python3 "$HERE/tests/key/mangle.py" 50 "$T/old.p12" "$T/b"
	local f n=0 said=0
	for f in "$T"/a.* "$T"/b.*; do
		tool secret,secret,secret "${f##*/}"
		# 0: the damage did not matter; 1: refused, and said why
		[ "$status" -le 1 ]
		n=$((n + 1))
		[ "$status" -eq 0 ] || { has 'log 0: ' && said=$((said + 1)); }
	done
	[ "$n" -eq 100 ]
	[ "$said" -ge 90 ]
}
