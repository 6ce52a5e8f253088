#!/usr/bin/env bats
# What CA tools make by their own quick start logs in: root, intermediate, client
# certificate and CRL of each tool (tests/lib/catools.bash).  Whatever
# `openssl verify -purpose sslclient -crl_check_all` accepts logs in with the
# default configuration, or stands in the table with the reason of the refusal.
bats_require_minimum_version 1.5.0
load lib/common

# Columns: tool; command that it needs (-: openssl alone); package; what
# `openssl verify' says; the reason of a login with the default configuration,
# and with profile = strict.  The reason of tools that make no CRL is crl-off; aki:
# ok if this version of the tool gives clients an authorityKeyIdentifier, else profile.
#
# Where the columns differ, and why:
#   node_forge_sha1  SHA-1 and MD5 are refused anywhere in a path but in the
#                    anchor's own signature; openssl verify has no security level
#   bare_root        openssl wants basicConstraints or keyUsage of a root of
#                    version 3; RFC 5280 section 6.1.1 (d) wants a name and a key
#   profile          rules of RFC 5280 section 4 that the tool does not keep
TABLE='
openssl_ca       -         openssl              accepted  ok       ok
openssl_x509     -         openssl              accepted  ok       aki
openssl_x509_v1  -         openssl              accepted  ok       profile
openssl_1_1_1    -         openssl              accepted  ok       profile
easyrsa          /usr/share/easy-rsa/easyrsa easy-rsa accepted ok  ok
nss              certutil  libnss3-tools        accepted  ok       profile
certtool         certtool  gnutls-bin           accepted  ok       ok
keytool          keytool   default-jre-headless accepted  ok       profile
cfssl            cfssl     golang-cfssl         accepted  ok       ok
strongswan       pki       strongswan-pki       accepted  ok       ok
minica           minica    minica               accepted  crl-off  crl-off
mkcert           mkcert    mkcert               accepted  crl-off  crl-off
gpgsm            gpgsm,gpg-agent gpgsm,gpg-agent accepted ok      profile
adcs             -         openssl              accepted  ok       ok
freeipa          -         openssl              accepted  ok       ok
vault            -         openssl              accepted  ok       ok
step             -         openssl              accepted  ok       ok
esteid_2015      -         openssl              accepted  ok       profile
piv              -         openssl              accepted  ok       ok
bouncycastle     -         openssl              accepted  ok       profile
wolfssl          -         openssl              accepted  ok       ok
node_forge       -         openssl              accepted  ok       profile
node_forge_sha1  -         openssl              accepted  weak     profile
sssd             -         openssl              accepted  ok       ok
xca              -         openssl              accepted  ok       profile
bare_root        -         openssl              rejected  ok       ok
root_key_usage   -         openssl              accepted  ok       aki
'

setup_file() {
	place_make
	mkdir "$S/tools" "$S/tools/home"
}
teardown_file() { place_remove; }

teardown() {
	# only the agent of this scratch folder
	[ ! -d "$T/home" ] || GNUPGHOME=$T/home gpgconf --kill all || :
}

# openssl_says CERT: accepted or rejected
openssl_says() {
	local crls=() inter=() crl
	for crl in "$T"/*.crl; do
		[ -e "$crl" ] || continue
		crls=(-crl_check_all -CRLfile "$T/crls")
		openssl crl -in "$crl" 2>/dev/null ||
			openssl crl -inform DER -in "$crl"
	done >"$T/crls"
	[ ! -e "$T/inter.pem" ] || inter=(-untrusted "$T/inter.pem")
	openssl verify -purpose sslclient "${crls[@]}" "${inter[@]}" \
		-CAfile "$T/root.pem" "$T/$1.pem" >"$T/said" 2>&1 &&
		echo accepted || echo rejected
}

# logs_in NAME REASON: alice logs in with the certificate NAME, or is refused
logs_in() {
	local name=$1 reason=$2
	cat "$T/$name.pem" >"$T/$name-chain.pem"
	[ ! -e "$T/inter.pem" ] || cat "$T/inter.pem" >>"$T/$name-chain.pem"
	case $reason in
	ok | crl-off)
		login_ok --raw --cert "$T/$name-chain.pem" --key "$T/$name.key"
		logged "outcome=granted reason=$reason "
		;;
	*)
		login_denied "$reason" --raw --cert "$T/$name-chain.pem" \
			--key "$T/$name.key"
		;;
	esac
}

# tool NAME: everything about one row of the table
tool() {
	local name command one package theirs default strict said
	read -r name command package theirs default strict \
		< <(grep "^$1 " <<<"$TABLE")
	T=$S/tools/$1
	for one in ${command//,/ }; do
		[ "$one" = - ] || command -v "$one" >/dev/null ||
			skip "$one is not installed (Debian: ${package//,/ })"
	done
	mkdir "$T"
	# shellcheck disable=SC2016
	(cd "$T" && HOME=$S/tools/home bash -euc '. "$1/pki.sh"; . "$1/catools.bash"
		"catool_$2"' - "$HERE/tests/lib" "$name") >"$T/out" 2>&1 </dev/null ||
		{ tail -n 20 "$T/out"; return 1; }

	said=$(openssl_says alice)
	echo "openssl verify: $said"
	[ "$said" = "$theirs" ] || cat "$T/said"
	[ "$said" = "$theirs" ]
	ca_dir "$T/root.pem"
	users "alice sha256:$(pki_sha256 "$T/alice.pem")"
	conf_reset
	if [ "$default" = crl-off ]; then
		[ ! -e "$T/root.crl" ]
		conf default 'crl = off'
	else
		crl_dir "$T"/*.crl
	fi
	logs_in alice "$default"
	if [ -e "$T/gone.pem" ]; then
		[ "$(openssl_says gone)" = rejected ]
		users "alice sha256:$(pki_sha256 "$T/gone.pem")"
		case $default in
		ok) logs_in gone revoked ;;
		*) logs_in gone "$default" ;;
		esac
		users "alice sha256:$(pki_sha256 "$T/alice.pem")"
	fi
	if [ "$strict" = aki ]; then
		strict=profile
		! openssl x509 -in "$T/alice.pem" -noout -text |
			grep -q 'Authority Key Identifier' || strict=ok
	fi
	conf default 'profile = strict'
	logs_in alice "$strict"
}

@test "openssl ca, with the configuration that comes with OpenSSL" { tool openssl_ca; }
@test "openssl x509 -req, clients without extensions" { tool openssl_x509; }
@test "openssl x509 -req, everything of version 1" { tool openssl_x509_v1; }
@test "openssl x509 -req -extfile, as version 1.1.1 made it" { tool openssl_1_1_1; }
@test "easy-rsa" { tool easyrsa; }
@test "NSS certutil and crlutil" { tool nss; }
@test "GnuTLS certtool" { tool certtool; }
@test "Java keytool" { tool keytool; }
@test "cfssl" { tool cfssl; }
@test "strongSwan pki" { tool strongswan; }
@test "minica" { tool minica; }
@test "mkcert" { tool mkcert; }
@test "gpgsm" { tool gpgsm; }
@test "the shape of AD CS" { tool adcs; }
@test "the shape of FreeIPA" { tool freeipa; }
@test "the shape of Vault" { tool vault; }
@test "the shape of step-ca" { tool step; }
@test "the shape of ESTEID-SK 2015" { tool esteid_2015; }
@test "the shape of PIV and CAC" { tool piv; }
@test "the shape of BouncyCastle's examples" { tool bouncycastle; }
@test "the shape of wolfSSL's certificates" { tool wolfssl; }
@test "the shape of node-forge's README" { tool node_forge; }
@test "the shape of node-forge's README, without a digest" { tool node_forge_sha1; }
@test "the shape of SSSD's test CA" { tool sssd; }
@test "the shape of XCA's templates" { tool xca; }
@test "a root without any usage" { tool bare_root; }
@test "a root with keyUsage alone" { tool root_key_usage; }

@test "every tool has a row and a test" {
	local made rows tests
	made=$(sed -n 's/^catool_\([a-z0-9_]*\)() {$/\1/p' \
		"$HERE/tests/lib/catools.bash" |
		grep -vxE 'crl|serial|decimal|gpgsm_cert' | sort)
	rows=$(awk 'NF { print $1 }' <<<"$TABLE" | sort)
	tests=$(sed -n 's/^@test .*{ tool \([a-z0-9_]*\); }$/\1/p' \
		"$BATS_TEST_FILENAME" | sort)
	[ "$made" = "$rows" ]
	[ "$rows" = "$tests" ]
	# the reason of each login that openssl verify would accept stands above
	awk 'NF && $4 == "accepted" && $5 != "ok" && $5 != "crl-off" { print $1 }' \
		<<<"$TABLE" | while read -r name; do
		grep -qE "^#   $name  [^ ]" "$BATS_TEST_FILENAME"
	done
}
