#!/bin/sh
# A signed password (docs/protocol.md, section 8), made by a shell and the openssl
# command, for machines that have no package of certauth.  It prints one line for a
# service that asks for one password, such as dovecot, PostgreSQL or a web server:
#
#   CERT=alice.pem KEY=alice.key sh openssl-password.sh [-r] [-m MAX] SERVICE HOST [LOGIN]
#
# -r       the certificate is registered on HOST: the line has none, and is short
# -m MAX   the most characters that the service carries
# SERVICE  the PAM service on HOST; HOST as its administrator names it
# LOGIN    the login there; your own, if it is not given
# CERT     PEM, the user's certificate first, then intermediate certificates
# KEY      PEM, EC, RSA, Ed25519, Ed448, or ML-DSA with OpenSSL 3.5; openssl asks for
#          the passphrase
#
# Whoever sees the line before it is used can use it.  Let a program fetch it (PassCmd
# of mbsync, passwordeval of msmtp), send it over TLS only, and put it into no argument
# of a command.
set -eu
umask 077
export LC_ALL=C
die() { echo "openssl-password.sh: $*" >&2; exit 1; }
usage() { sed -n '2,/^set/{ /^set/d; s/^# \{0,1\}//; p; }' "$0" >&2; exit 2; }

# ---- numbers and names as bytes ----

# be NUMBER BYTES: big-endian.  size FILE.
# shellcheck disable=SC2059 # the octal escape is the format
be() { [ "$2" -eq 0 ] || { be $(($1 / 256)) $(($2 - 1))
	printf "\\$(printf %03o $(($1 % 256)))"; }; }
size() { wc -c <"$1"; }

# name TEXT: with its length of one byte
name() {
	printf %s "$1" >"$t/name"
	be "$(size "$t/name")" 1
	cat "$t/name"
}

# unhex N: the standard input, one hexadecimal number a line, each as N bytes
# shellcheck disable=SC2059 # the octal escapes are the format
unhex() {
	while read -r hex; do
		hex=$(printf "%$((2 * $1))s" "$hex" | tr ' ' 0)
		while [ -n "$hex" ]; do
			rest=${hex#??}
			printf "\\$(printf %03o "0x${hex%"$rest"}")"
			hex=$rest
		done
	done
}

# The r and s of the ECDSA signature in FILE, each as long as the curve's order.
numbers() {
	openssl asn1parse -inform DER -in "$1" |
		sed -n 's/.*INTEGER *:0*\([0-9A-Fa-f]*\)$/\1/p' | unhex "$2"
}

# ---- the text ----

# What kind of key CERT has: the scheme (RFC 8446 section 4.2.3), the bytes of one
# number of an ECDSA signature, and how openssl signs.
kind() {
	pss='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32'
	case $(openssl pkey -pubin -in "$t/pub" -noout -text) in
	*P-256*) echo 1027 32 dgst -sha256 ;;
	*P-384*) echo 1283 48 dgst -sha384 ;;
	*P-521*) echo 1539 66 dgst -sha512 ;;
	*ED25519*) echo 2055 0 pkeyutl ;;
	*ED448*) echo 2056 0 pkeyutl ;;
	*ML-DSA-44*) echo 2308 0 pkeyutl ;;
	*ML-DSA-65*) echo 2309 0 pkeyutl ;;
	*ML-DSA-87*) echo 2310 0 pkeyutl ;;
	*PSS*) echo 2057 0 dgst -sha256 "$pss" ;;
	*RSA* | *Modulus:*) echo 2052 0 dgst -sha256 "$pss" ;;
	*) die "the key of $CERT is of a kind that certauth/1 does not have" ;;
	esac
}

# sign COMMAND ...: $t/tbs into $t/sig
sign() {
	if [ "$1" = dgst ]; then
		openssl "$@" -sign "$KEY" "$t/tbs" >"$t/sig"
		openssl "$@" -verify "$t/pub" -signature "$t/sig" "$t/tbs" >/dev/null
	else
		openssl pkeyutl -sign -rawin -inkey "$KEY" -in "$t/tbs" >"$t/sig"
		openssl pkeyutl -verify -rawin -pubin -inkey "$t/pub" \
			-sigfile "$t/sig" -in "$t/tbs" >/dev/null
	fi || die "$KEY is not the key of $CERT, or cannot be used"
}

# The certificates of CERT in DER, each with its length.
entries() {
	i=0
	while i=$((i + 1)); [ "$i" -le "$(grep -c 'BEGIN CERT' "$CERT")" ]; do
		awk -v i=$i '/BEGIN CERT/ { n++ } n == i' "$CERT" |
			openssl x509 -outform DER >"$t/der"
		be "$(size "$t/der")" 3
		cat "$t/der"
	done
}

text() {
	openssl x509 -in "$CERT" -noout -pubkey >"$t/pub" 2>/dev/null ||
		die "$CERT begins with no certificate whose key $(openssl version) knows; ML-DSA needs OpenSSL 3.5"
	# shellcheck disable=SC2046 # words
	set -- $(kind)
	[ $# -gt 0 ] || exit 1
	scheme=$1 number=$2
	shift 2
	: >"$t/entries"
	[ -n "$registered" ] || entries >"$t/entries"
	{ be "$scheme" 2; be "$(date +%s)" 4; openssl rand 8
		openssl pkey -pubin -in "$t/pub" -outform DER |
			openssl dgst -sha256 -binary | head -c 8; } >"$t/head"

	# What is signed: 64 spaces, the context, and the hash of the names with all else
	{ printf '%64s' ''; printf 'certauth/1, client password\0'
		{ be 1 2; cat "$t/head"; name "$host"; name "$service"; name "$login"
			cat "$t/entries"; } | openssl dgst -sha384 -binary; } >"$t/tbs"
	sign "$@"
	if [ "$number" -gt 0 ]; then
		numbers "$t/sig" "$number" >"$t/numbers"
		mv "$t/numbers" "$t/sig"
	fi
	{ cat "$t/head"; printf %s "$host" | openssl dgst -sha256 -binary | head -c 2
		be "$(size "$t/sig")" 2; cat "$t/sig" "$t/entries"; } |
		openssl base64 | tr '+/' '-_' | tr -d '=\n'
}

registered='' max=32773
while getopts rm: opt; do
	case $opt in
	r) registered=yes ;;
	m) max=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
case $# in 2 | 3) ;; *) usage ;; esac
case $max in '' | *[!0-9]* | ??????*) die "-m $max is no number" ;; esac
service=$1 login=${3:-$(id -un)}
host=$(printf %s "${2%.}" | tr '[:upper:]' '[:lower:]')
case $host in '' | *[!a-z0-9._-]*) die "$2 is no host name in ASCII" ;; esac
for field in "$host" "$service" "$login"; do
	if [ -z "$field" ] || [ ${#field} -gt 255 ]; then
		die "service, host and login have 1 to 255 bytes"
	fi
done
[ -r "${CERT:?is not set: the file of your certificate}" ] || die "$CERT cannot be read"
[ -r "${KEY:?is not set: the file of your key}" ] || die "$KEY cannot be read"
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
trap 'exit 1' HUP INT TERM
body=$(text)
line=ca1.$body.
[ ${#line} -le "$max" ] || die "the line has ${#line} characters, and the service carries $max; have the administrator register the certificate and use -r, or use a P-256 or Ed25519 key"
printf '%s\n' "$line"
