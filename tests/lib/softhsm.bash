# shellcheck shell=bash
# Tokens of SoftHSM2 that are alice's, in the place of lib/common.bash.
#
#   softhsm_alice          in setup_file, behind place_make: SOFTHSM, her configuration
#                          and an empty folder of tokens
#   token LABEL NAME ...   a token with these keys and certificates of PKI; PIN 1234.
#                          Each is called KEY, or by its name behind KEY_PREFIX
#
# shellcheck disable=SC2154 # of lib/common.bash

# In her home: the helper's environment has nothing of ours, and the helper of a setuid
# program, which is alice, must reach it, too.
softhsm_alice() {
	SOFTHSM=$(find /usr/lib /usr/lib64 -name libsofthsm2.so 2>/dev/null |
		head -n 1)
	[ -n "$SOFTHSM" ] || return
	export SOFTHSM SOFTHSM2_CONF=$S/home/alice/.config/softhsm2/softhsm2.conf
	mkdir -p "${SOFTHSM2_CONF%/*}" "$S/home/alice/tokens"
	printf '%s\n' "directories.tokendir = $S/home/alice/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
}

token() {
	local label=$1 id=0 name object
	shift
	softhsm2-util --init-token --free --label "$label" --pin 1234 \
		--so-pin 567890 >/dev/null
	for name; do
		id=$((id + 1))
		object=${KEY:-${KEY_PREFIX:-}$name}
		softhsm2-util --import "$PKI/$name.key" --token "$label" \
			--pin 1234 --id "0$id" --label "$object" >/dev/null
		openssl x509 -in "$PKI/$name.pem" -outform DER -out "$S/c.der"
		pkcs11-tool --module "$SOFTHSM" --token-label "$label" \
			--pin 1234 --write-object "$S/c.der" --type cert \
			--id "0$id" --label "$object" >/dev/null 2>&1
	done
}
