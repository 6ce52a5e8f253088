#!/bin/sh
# A certauth/1 client made of the openssl command and a shell: it answers one
# prompt.  ssh and sudo -A can call it (SSH_ASKPASS, SUDO_ASKPASS).  It checks
# no client rule: it shows the protocol; for logins use `certauth'.
# usage: CERT=chain.pem KEY=key.pem openssl-client.sh '... certauth1 REQUEST next=N max=M: '
set -eu
umask 077
prompt='.*certauth1 \([A-Za-z0-9_-]*\) next=\([0-9]*\) max=\([0-9]*\): .*'
# shellcheck disable=SC2046 # three words
set -- $(printf '%s\n' "$1" | sed -n "s/$prompt/\\1 \\2 \\3/p")
[ $# -eq 3 ] || { echo 'no certauth prompt' >&2; exit 1; }
request=$1 next=$2 max=$3
[ "$max" -le 1023 ] || max=1023 # an askpass cannot say more

# be NUMBER BYTES: big-endian.  size FILE.  base64url, there and back.
# shellcheck disable=SC2059 # the octal escape is the format
be() { [ "$2" -eq 0 ] || { be $(($1 / 256)) $(($2 - 1))
	printf "\\$(printf %03o $(($1 % 256)))"; }; }
size() { wc -c <"$1"; }
encode() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
decode() { { tr -- '-_' '+/'; case $((${#request} % 4)) in
	2) echo '==' ;; 3) echo '=' ;; *) echo ;; esac; } | openssl base64 -d -A; }

# The signature differs each time it is made: keep the response for later pieces.
kept=${XDG_RUNTIME_DIR:-$HOME}/certauth-$(printf %s "$request" | openssl dgst -sha256 -r | cut -c1-64)
if [ "$next" -eq 0 ]; then
	t=$(mktemp -d)
	trap 'rm -rf "$t"' EXIT
	printf %s "$request" | decode >"$t/request"

	# Certificate: the nonce of the request, then each certificate in DER
	i=0
	while i=$((i + 1)); [ "$i" -le "$(grep -c 'BEGIN CERT' "$CERT")" ]; do
		awk -v i=$i '/BEGIN CERT/ { n++ } n == i' "$CERT" |
			openssl x509 -outform DER >"$t/der"
		{ be "$(size "$t/der")" 3; cat "$t/der"; be 0 2; } >>"$t/list"
	done
	{ be 11 1; be $((1 + 32 + 3 + $(size "$t/list"))) 3; be 32 1
		tail -c +6 "$t/request" | head -c 32
		be "$(size "$t/list")" 3; cat "$t/list"; } >"$t/certificate"

	# What is signed: 64 spaces, the context, and the hash of all so far
	{ printf '%64s' ''; printf 'certauth/1, client CertificateVerify\0'
		cat "$t/request" "$t/certificate" |
			openssl dgst -sha384 -binary; } >"$t/tbs"
	case $(openssl pkey -in "$KEY" -noout -text) in
	*P-256*) scheme=1027; set -- dgst -sha256 -sign "$KEY" ;;
	*P-384*) scheme=1283; set -- dgst -sha384 -sign "$KEY" ;;
	*P-521*) scheme=1539; set -- dgst -sha512 -sign "$KEY" ;;
	*ED25519*) scheme=2055; set -- pkeyutl -sign -rawin -inkey "$KEY" -in ;;
	*ED448*) scheme=2056; set -- pkeyutl -sign -rawin -inkey "$KEY" -in ;;
	*PSS*) scheme=2057; set -- dgst -sha256 -sigopt rsa_padding_mode:pss \
		-sigopt rsa_pss_saltlen:digest -sign "$KEY" ;;
	*) scheme=2052; set -- dgst -sha256 -sigopt rsa_padding_mode:pss \
		-sigopt rsa_pss_saltlen:digest -sign "$KEY" ;;
	esac
	openssl "$@" "$t/tbs" >"$t/sig"

	# CertificateVerify: the scheme (RFC 8446 section 4.2.3) and the signature
	{ cat "$t/certificate"; be 15 1; be $((4 + $(size "$t/sig"))) 3
		be "$scheme" 2; be "$(size "$t/sig")" 2; cat "$t/sig"; } |
		encode >"$kept"
fi

# The piece from character N on, at most M with its mark: + more, . the last
piece=$(tail -c +$((next + 1)) "$kept" | head -c $((max - 1)))
if [ $((next + ${#piece})) -lt "$(size "$kept")" ]; then
	echo "$piece+"
else
	rm -f "$kept"
	echo "$piece."
fi
