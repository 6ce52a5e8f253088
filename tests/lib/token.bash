# shellcheck shell=bash
# Tokens for tests: SoftHSM2 with a configuration of its own, and p11-kit with
# modules of its own, in a scratch folder.
#
#   token_make             a scratch folder T, SOFTHSM2_CONF, the shared PKI
#   token_remove           in teardown_file
#   token_init LABEL       an empty token, PIN 1234
#   token_load LABEL ID NAME [OBJECT-LABEL]    key and certificate of the PKI
#   token_cert LABEL ID NAME                   the certificate alone
#   modules soft|hostile|none ...              what p11-kit knows
#   with_modules COMMAND ...                   run with these
#   token_tool COMMAND ANSWERS ARG ...         bats' run of keytool by COMMAND, which
#                          is with_modules or the like; answers separated by commas
#
# p11-kit reads no user's configuration for root, so its directory is covered
# in a private mount namespace.
#
# shellcheck disable=SC2034,SC2154

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CERTAUTH_BUILD=${CERTAUTH_BUILD:-$HERE/build}
export HERE CERTAUTH_BUILD
# shellcheck source=tests/lib/pki.sh
. "$HERE/tests/lib/pki.sh"
KEYTOOL=$CERTAUTH_BUILD/tests/key/keytool

token_make() {
	T=$(mktemp -d "${TMPDIR:-/tmp}/certauth-token.XXXXXX") || return
	export T SOFTHSM2_CONF=$T/softhsm2.conf
	chmod 755 "$T"
	mkdir "$T/tokens" "$T/modules"
	cp "$CERTAUTH_BUILD/tests/key/hostile_p11.so" "$T/" || return
	printf '%s\n' "directories.tokendir = $T/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	SOFTHSM=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null |
		head -n 1)
	P11_MODULES=$(pkg-config --variable=p11_module_configs p11-kit-1)
	export SOFTHSM P11_MODULES
	[ -n "$SOFTHSM" ] && [ -d "$P11_MODULES" ] && pki_shared "$T/pki"
}

token_remove() {
	[ -z "${T:-}" ] || rm -rf "$T"
}

token_init() {
	softhsm2-util --init-token --free --label "$1" --pin 1234 \
		--so-pin 567890 >/dev/null
}

token_cert() {
	openssl x509 -in "$PKI/$3.pem" -outform DER -out "$T/cert.der" &&
		pkcs11-tool --module "$SOFTHSM" --token-label "$1" --pin 1234 \
			--write-object "$T/cert.der" --type cert --id "$2" \
			--label "${4:-$3}" >/dev/null 2>&1
}

token_load() {
	softhsm2-util --import "$PKI/$3.key" --token "$1" --pin 1234 \
		--id "$2" --label "${4:-$3}" >/dev/null &&
		token_cert "$@"
}

modules() {
	local m
	rm -f "$T/modules"/*
	for m; do
		case $m in
		soft) echo "module: $SOFTHSM" >"$T/modules/soft.module" ;;
		hostile) echo "module: $T/hostile_p11.so" \
			>"$T/modules/hostile.module" ;;
		none) ;;
		esac
	done
}

with_modules() {
	local how=-m
	[ "$(id -u)" -eq 0 ] || how=-rm
	# shellcheck disable=SC2016
	unshare $how --propagation private sh -c '
		mount --bind "$1" "$2" || exit 99
		[ ! -d /etc/pkcs11 ] || mount -t tmpfs none /etc/pkcs11 || exit 99
		shift 2
		exec "$@"' - "$T/modules" "$P11_MODULES" "$@"
}

token_tool() {
	local by=$1 answers=$2
	shift 2
	run "$by" timeout 60 "$KEYTOOL" "$@" \
		< <([ -z "$answers" ] || tr , '\n' <<<"$answers")
	echo "$output"
}
