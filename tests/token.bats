#!/usr/bin/env bats
# Tokens: real ones of SoftHSM2, and the same behind a module that misbehaves
# (tests/key/hostile_p11.c).

load lib/token

setup_file() {
	token_make
	token_init 'Card A'
	token_load 'Card A' 01 rsa2048
	token_load 'Card A' 02 p256
	token_load 'Card A' 03 ed25519
	token_cert 'Card A' 10 inter
	token_init 'Card B'
	token_load 'Card B' 01 expired
	token_load 'Card B' 02 stranger-leaf
}

teardown_file() {
	token_remove
}

setup() {
	modules soft
	export HOSTILE_PIN=1234
	unset HOSTILE
}

# tool ANSWERS ARG ...: keytool, its answers separated by commas
tool() {
	token_tool with_modules "$@"
}

hostile() {
	modules hostile
	export HOSTILE=$1
}

has() {
	grep -qF -- "$1" <<<"$output"
}

hasnt() {
	! grep -qF -- "$1" <<<"$output"
}

P256='pkcs11:token=Card%20A;object=p256'
RSA='pkcs11:token=Card%20A;object=rsa2048'

@test "all certificates of all tokens, without a PIN" {
	tool '' p11 -
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 5 ]
	has 'identity: Card A: rsa2048, 1 more certificates, can rsa_pss'
	has 'identity: Card A: p256, 1 more certificates, can ecdsa_secp256r1'
	has 'identity: Card A: ed25519, 1 more certificates, can ed25519'
	has 'identity: Card B: expired'
	# a CA's certificate is for the chain, not for a login
	hasnt 'Card A: inter'
	hasnt 'ask:'
}

@test "RSA signs by every scheme" {
	tool 1234,1234,1234,1234,1234,1234 p11 "$RSA" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_pss_rsae' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^signed by rsa_pkcs1' <<<"$output")" -eq 3 ]
}

@test "RSA on a token that hashes by itself" {
	hostile hash-only
	tool 1234,1234,1234,1234,1234,1234 p11 "$RSA" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_pss_rsae' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^signed by rsa_pkcs1' <<<"$output")" -eq 3 ]
	# SoftHSM's ECDSA cannot hash: then it can nothing, and says so before
	tool '' p11 "$P256" ecdsa_secp256r1_sha256
	[ "$status" -eq 1 ]
	has 'not signed by ecdsa_secp256r1_sha256: not supported'
	hasnt 'ask:'
}

@test "RSA on a token that only does the bare operation" {
	hostile raw-only
	tool 1234,1234,1234,1234,1234,1234 p11 "$RSA" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_pss_rsae' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^signed by rsa_pkcs1' <<<"$output")" -eq 3 ]
}

@test "ECDSA and Ed25519 sign" {
	tool 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has 'signed by ecdsa_secp256r1_sha256'
	tool 1234 p11 'pkcs11:token=Card%20A;id=%03' all
	[ "$status" -eq 0 ]
	has 'signed by ed25519'
}

@test "a URI selects by token, object, id and type; one that is none is refused" {
	tool '' p11 'pkcs11:token=Card%20B'
	[ "$(grep -c '^identity:' <<<"$output")" -eq 2 ]
	tool '' p11 'pkcs11:token=Card%20A;id=%02;type=private'
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
	tool '' p11 'pkcs11:token=Card%20C'
	[ "$status" -eq 1 ]
	has 'failed: not found'
	tool '' p11 'pkcs11:no-such-attribute=1'
	[ "$status" -eq 1 ]
	has 'failed: invalid arguments'
	tool '' p11 'pkcs11:token=%zz'
	[ "$status" -eq 1 ]
	has 'failed: invalid arguments'
}

@test "a wrong PIN is asked again, and never tried again by itself" {
	tool 9999,1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has 'error: Wrong PIN for "Card A".'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 2 ]
	hasnt 'entered before'
	tool 9999 p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'not signed by ecdsa_secp256r1_sha256: wrong PIN or password'
	[ "$(grep -c 'Wrong PIN' <<<"$output")" -eq 1 ]
	# SoftHSM tells that a wrong PIN was given
	tool 1234 p11 "$P256" all
	has 'note: A wrong PIN for "Card A" was entered before.'
	has 'ask: PIN for Card A: '
}

@test "a PIN that was refused is not sent again" {
	hostile countdown
	tool 1,1 p11 "$P256" all
	[ "$status" -eq 1 ]
	[ "$(grep -c '^error: Wrong PIN for "Card A"\.$' <<<"$output")" -eq 1 ]
	has 'error: The same wrong PIN for "Card A" was entered again'
	has 'not signed by ecdsa_secp256r1_sha256: wrong PIN or password'
	hasnt 'One try is left'
	# another one is
	tool 1,2 p11 "$P256" all
	has 'One try is left'
	hasnt 'The same wrong PIN'
}

@test "no PIN, no try" {
	tool '' p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'not signed by ecdsa_secp256r1_sha256: cancelled'
	hasnt 'Wrong PIN'
	tool ',' p11 "$P256" all
	[ "$status" -eq 1 ]
	hasnt 'Wrong PIN'
}

@test "three wrong PINs: few left, the last one confirmed, locked" {
	hostile countdown
	tool 1,2,y,3 p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'ask: PIN for Card A: '
	[ "$(grep -c '^error: Wrong PIN for "Card A"\.$' <<<"$output")" -eq 1 ]
	has 'error: Wrong PIN for "Card A". One try is left.'
	has 'error: Wrong PIN for "Card A". No try is left: the PIN is locked now.'
	has 'note: This is the last try: a wrong PIN locks "Card A".'
	has 'askecho: Use the last try for the PIN of "Card A"? '
	has 'error: The PIN of "Card A" is locked after too many wrong tries'
	has 'not signed by ecdsa_secp256r1_sha256: denied'
	# not confirmed: not asked
	tool 1,2,n,3 p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'was not tried, because it would have been the last try'
	[ "$(grep -c 'Wrong PIN' <<<"$output")" -eq 2 ]
}

@test "a locked PIN is not asked for" {
	hostile locked
	tool 1234 p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'is locked'
	hasnt 'ask:'
}

@test "the last try is taken after a yes" {
	hostile last
	tool y,1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has 'askecho: Use the last try'
	tool n p11 "$P256" all
	[ "$status" -eq 1 ]
	hasnt 'ask:'
}

@test "pin-source and pin-value: tried once, and not before the last try" {
	printf '1234\n' >"$T/pin"
	chmod 600 "$T/pin"
	tool '' p11 "$P256?pin-source=file:$T/pin" all
	[ "$status" -eq 0 ]
	hasnt 'ask:'
	tool '' p11 "$P256?pin-source=$T/pin" all
	[ "$status" -eq 0 ]
	tool '' p11 "$P256?pin-value=1234" all
	[ "$status" -eq 0 ]
	tool 1234 p11 "$P256?pin-value=4321" all
	[ "$status" -eq 1 ]
	[ "$(grep -c 'Wrong PIN' <<<"$output")" -eq 1 ]
	hasnt 'ask:'
	tool '' p11 "$P256?pin-source=file:$T/nothing" all
	[ "$status" -eq 1 ]
	has 'not found'
	tool '' p11 "$P256?pin-source=|echo%201234" all
	[ "$status" -eq 1 ]
	has 'is not the absolute path of a file'
	chmod 666 "$T/pin"
	tool '' p11 "$P256?pin-source=file:$T/pin" all
	[ "$status" -eq 1 ]
	has 'not accepted'
	hostile last
	chmod 600 "$T/pin"
	tool '' p11 "$P256?pin-source=file:$T/pin" all
	[ "$status" -eq 1 ]
	has 'was not tried'
}

@test "a pinpad: the PIN is not asked for here" {
	hostile pinpad
	tool '' p11 "$P256" all
	[ "$status" -eq 0 ]
	has "info: Enter the PIN of \"Card A\" on its reader's keypad"
	hasnt 'ask:'
}

@test "CKA_ALWAYS_AUTHENTICATE: the PIN just given serves for the signature" {
	hostile always
	tool 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	hostile always,pinpad
	tool '' p11 "$P256" all
	[ "$status" -eq 0 ]
	[ "$(grep -c 'keypad' <<<"$output")" -eq 2 ]
}

@test "a mechanism that is refused: the next way, then the next scheme, one PIN" {
	hostile no-pss
	tool 1234 p11 "$RSA" any
	[ "$status" -eq 0 ]
	has 'signed by rsa_pkcs1_sha256'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	hostile only-hash-pss
	tool 1234 p11 "$RSA" any
	[ "$status" -eq 0 ]
	has 'signed by rsa_pss_rsae_sha256'
	# CKA_ALLOWED_MECHANISMS has RSA-PKCS alone
	hostile allowed
	tool 1234 p11 "$RSA" any
	[ "$status" -eq 0 ]
	has 'signed by rsa_pkcs1_sha256'
	hasnt 'failed'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	# each time a PIN is wanted for the signature, it is the one just given
	hostile allowed,always
	tool 1234 p11 "$RSA" any
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	hostile no-mechanism
	tool 1234 p11 "$RSA" any
	[ "$status" -eq 1 ]
	has 'error: The key on "Card A" signs by no scheme that the host accepts'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
}

@test "certificates that only a login shows" {
	hostile private
	tool 1234 p11 "$P256" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	has 'note: "Card A" shows no certificate without its PIN.'
	has 'ask: PIN for Card A: '
	has 'signed by ecdsa_secp256r1_sha256'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	REQUIRE_PIN=1 tool 1234 p11 "$P256" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	hostile private,always
	tool 1234 p11 "$P256" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	# two of them: no PIN is asked on a chance
	hostile private
	tool 1234 p11 -
	[ "$status" -eq 1 ]
	has 'why: several tokens show no certificate without a PIN, so name one in the URI (pkcs11:token=LABEL): '
	hasnt 'ask:'
	tool '' p11 "$P256"
	[ "$status" -eq 1 ]
	has 'failed: cancelled'
}

@test "two modules that show one token: its certificate once, the other a fallback" {
	local uri='pkcs11:object=p256'
	modules soft hostile
	echo 'priority: 2' >>"$T/modules/hostile.module"
	export HOSTILE=
	tool 1234 p11 "$uri" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
	hasnt 'error:'
	export HOSTILE=sign-fail
	tool 1234,1234 p11 "$uri" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
	has 'error: "Card A" failed during signing'
	has 'signed by ecdsa_secp256r1_sha256'
}

@test "two tokens of one label: told apart in the list and in the prompt" {
	local id slots=()
	mkdir "$T/twins"
	sed "s,^directories.tokendir.*,directories.tokendir = $T/twins," \
		"$SOFTHSM2_CONF" >"$T/twins.conf"
	export SOFTHSM2_CONF=$T/twins.conf
	token_init Twin
	token_init Twin
	mapfile -t slots < <(softhsm2-util --show-slots |
		sed -n 's/^Slot \([0-9]\{3,\}\)$/\1/p')
	[ "${#slots[@]}" -eq 2 ]
	for id in 0 1; do
		softhsm2-util --import "$PKI/p256.key" --slot "${slots[id]}" \
			--pin 1234 --id 01 --label p256 >/dev/null
		openssl x509 -in "$PKI/p256.pem" -outform DER -out "$T/cert.der"
		pkcs11-tool --module "$SOFTHSM" --slot "${slots[id]}" --pin 1234 \
			--write-object "$T/cert.der" --type cert --id 01 \
			--label p256 >/dev/null 2>&1
	done
	tool 1234,1234 p11 pkcs11:object=p256 ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity: Twin (serial number [0-9a-f]*): p256,' <<<"$output")" -eq 2 ]
	[ "$(grep '^ask: PIN for Twin (serial number [0-9a-f]*): $' <<<"$output" |
		sort -u | wc -l)" -eq 2 ]
}

@test "why nothing is found" {
	tool '' p11 'pkcs11:token=Card%20X'
	[ "$status" -eq 1 ]
	has 'why: no token has the label "Card X" of the URI'
	has 'token "Card A" (not named by the URI)'
	has 'token "Card B" (not named by the URI)'
	tool '' p11 'pkcs11:tokn=Card%20A'
	[ "$status" -eq 1 ]
	has 'it has the unknown attribute'
	has 'unknown attribute tokn'
	has 'run: certauth tokens'
	tool '' p11 'pkcs11:token=Card%20A;object=nothing'
	[ "$status" -eq 1 ]
	has 'token "Card A" (no certificate that is asked for)'
	echo 'module: /nonexistent/libcard.so' >"$T/modules/gone.module"
	tool '' p11 'pkcs11:token=Card%20X'
	has 'module gone is not loaded: '
	has '/nonexistent/libcard.so'
	modules none
	echo 'module: /nonexistent/libcard.so' >"$T/modules/gone.module"
	tool '' p11 -
	[ "$status" -eq 1 ]
	has 'no PKCS#11 module is usable: "module gone is not loaded: '
	tool '' p11 'pkcs11:module-name=soft'
	[ "$status" -eq 1 ]
	has 'module-name belongs behind a question mark (pkcs11:token=LABEL?module-name=...)'
	tool '' p11 'pkcs11:?module-name=other'
	[ "$status" -eq 1 ]
	has 'p11-kit has no module of the name other'
}

@test "the scheme of a URI in capitals, a file of localhost" {
	tool 1234 p11 "PKCS11:token=Card%20A;object=p256" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	echo 1234 >"$T/pin"
	tool '' p11 "$P256?pin-source=file://localhost$T/pin" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	tool '' p11 "$P256?pin-source=FILE://$T/pin" ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
}

@test "what a module says of a PIN" {
	hostile pin-length
	tool 12,1234 p11 "$P256" all
	has 'error: The PIN of "Card A" has 4 to 255 characters; what was entered has another length'
	hasnt 'Wrong PIN'
	# OpenSC, of an OpenPGP card
	hostile pin-openpgp
	tool 4321,1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has 'error: Wrong PIN for "Card A".'
	hostile locked,tpm
	tool 1234 p11 "$P256" all
	has 'error: The TPM of "Card A" takes no PIN now'
	has 'tpm2_dictionarylockout --clear-lockout'
	hasnt PUK
	hasnt 'ask:'
	local how
	for how in pulled-after-wrong swapped-after-wrong; do
		hostile $how
		tool 4321,1234 p11 "$P256" all
		[ "$status" -eq 1 ]
		has 'error: "Card A" was removed.'
		[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	done
}

@test "a key that needs no login is used without a PIN" {
	hostile public
	tool '' p11 "$P256" all
	[ "$status" -eq 0 ]
	hasnt 'ask:'
}

@test "a PIN is required: one for each signature, whatever the token says" {
	local n
	export REQUIRE_PIN=1
	for how in none public public,always; do
		hostile $how
		tool 1234,1234,1234,1234,1234,1234 p11 "$RSA" all
		[ "$status" -eq 0 ]
		n=$(grep -c '^signed by' <<<"$output")
		[ "$n" -eq 6 ]
		[ "$(grep -c '^ask:' <<<"$output")" -eq "$n" ]
	done
	# what others did not let be ended, or a token without a PIN
	hostile public,shared
	tool 1234 p11 "$P256" all
	[ "$status" -eq 1 ]
	[ "$(grep -c '^signed by' <<<"$output")" -eq 0 ]
	has 'because another login to it is open and cannot be closed'
	hostile public,no-login
	tool 1234 p11 "$P256" all
	[ "$status" -eq 1 ]
	has '"Card A" needs no PIN, but a PIN is required here'
	hasnt 'ask:'
	# the URI's PIN is not a person's
	modules soft
	unset HOSTILE
	tool '' p11 "$P256?pin-value=1234" all
	[ "$status" -eq 1 ]
	tool 1234 p11 "$P256?pin-value=9999" all
	[ "$status" -eq 0 ]
	unset REQUIRE_PIN
}

# sessions WHAT ...: what began and ended in the last run, in this order
sessions() {
	diff <(for c; do echo "$c"; done) "$T/.hostile-sessions"
}

# counted MODE ANSWERS ARG ...: as tool, behind the module that counts
counted() {
	local how=$1
	shift
	hostile "$how"
	: >"$T/.hostile-sessions"
	HOME=$T tool "$@"
}

@test "the module is started once, and each token has one session up to the signature" {
	counted none 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	# what comes between the two: a wrong PIN, a PIN for each signature, none
	counted none 9999,1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	counted always 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	counted public '' p11 "$P256" all
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	REQUIRE_PIN=1 counted public 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	# nothing to sign: the session ends with the key
	counted none '' p11 "$P256"
	[ "$status" -eq 0 ]
	sessions initialize open close finalize
	# a token without a certificate that is wanted
	counted none '' p11 'pkcs11:token=Card%20A;object=nothing'
	[ "$status" -eq 1 ]
	sessions initialize open close finalize
	# two tokens
	counted none '' p11 -
	[ "$status" -eq 0 ]
	sessions initialize open open close close finalize
	# a second signature opens its own: the first one has logged out
	counted none 1234,1234 p11 "$P256" all all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ask:' <<<"$output")" -eq 2 ]
	sessions initialize open close open close finalize
}

@test "a session that ended before the signature is opened again" {
	counted reinserted 1234 p11 "$P256" all
	[ "$status" -eq 0 ]
	has 'signed by ecdsa_secp256r1_sha256'
	sessions initialize open close open close finalize
	# another token in the slot gets no PIN
	counted swapped 1234 p11 "$P256" all
	[ "$status" -eq 1 ]
	has '"Card A" was removed.'
	hasnt 'ask:'
}

@test "a module with one session at a time: each token signs" {
	counted one-session 1234,1234,1234,1234,1234 p11 - \
		ecdsa_secp256r1_sha256 rsa_pkcs1_sha256 ed25519
	has 'identity: Card A: p256'
	has 'identity: Card B: expired'
	[ "$(grep -c '^signed by' <<<"$output")" -eq 5 ]
}

@test "no token, no module" {
	mv "$T/tokens" "$T/away"
	mkdir "$T/tokens"
	tool '' p11 -
	rmdir "$T/tokens" || rm -rf "$T/tokens"
	mv "$T/away" "$T/tokens"
	[ "$status" -eq 1 ]
	has 'failed: not found'
	modules none
	tool '' p11 -
	[ "$status" -eq 1 ]
	has 'no PKCS#11 module is configured'
}

@test "the token is removed between the prompt and the signature" {
	tool "!mv $T/tokens $T/away,1234" p11 "$P256" all
	mv "$T/away" "$T/tokens"
	[ "$status" -eq 1 ]
	has 'not signed by ecdsa_secp256r1_sha256'
	hostile removed
	tool 1234 p11 "$P256" all
	[ "$status" -eq 1 ]
	has 'error: Contact with "Card A" was lost during signing; try again.'
	has 'not signed by ecdsa_secp256r1_sha256: input/output error'
}

@test "a broken module is skipped, and the good one serves" {
	local how
	modules soft hostile
	for how in init-fail slots-many slots-fail token-fail session-fail \
		mech-many mech-fail find-many find-fail attr-huge attr-none \
		attr-grow cert-junk; do
		export HOSTILE=$how
		tool '' p11 -
		echo "# $how"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^identity:' <<<"$output")" -eq 5 ]
		grep -q '^log 4:.*skipped' <<<"$output"
	done
}

@test "a module that is all there is, and broken: nothing is found" {
	local how
	for how in init-fail slots-many slots-fail token-fail session-fail \
		mech-many mech-fail find-many find-fail attr-huge attr-none \
		attr-grow cert-junk; do
		hostile $how
		tool '' p11 -
		echo "# $how"
		[ "$status" -eq 1 ]
		has 'failed: not found'
		hasnt 'ask:'
	done
}

@test "signatures of the wrong size or key are not passed on" {
	local how key
	for how in sig-long sig-empty sig-junk; do
		for key in "$P256" "$RSA"; do
			hostile $how
			tool 1234,1234,1234,1234,1234,1234 p11 "$key" all
			echo "# $how $key"
			[ "$status" -eq 1 ]
			has 'not signed by'
			[ "$(grep -c '^signed by' <<<"$output")" -eq 0 ]
		done
	done
	has 'does not verify'
}

@test "a module that crashes ends the program, which says whose fault it is" {
	hostile init-crash
	tool '' p11 -
	[ "$status" -ge 128 ]
	has 'certauth: PKCS#11: "hostile" crashed; its module is broken'
	hostile sign-crash
	tool 1234 p11 "$P256" all
	[ "$status" -ge 128 ]
	has 'certauth: PKCS#11: "Card A" crashed'
}

@test "a module that hangs is given up" {
	hostile init-hang
	tool '' p11 -
	[ "$status" -eq 1 ]
	has 'PKCS#11 module hostile does not answer and is left alone; to name another module, write pkcs11:?module-name=NAME'
	local how
	for how in init-hang slots-hang token-hang session-hang find-hang; do
		modules hostile soft
		export HOSTILE=$how
		tool 1234 p11 "$P256" ecdsa_secp256r1_sha256
		[ "$status" -eq 0 ]
		has 'PKCS#11 module hostile does not answer'
		has 'signed by ecdsa_secp256r1_sha256'
	done
	modules hostile
	# in a signature a touch may be waited for, so there is more time, and
	# the user can end it
	hostile sign-hang
	run with_modules timeout -s INT -k 30 3 "$KEYTOOL" p11 "$P256" all \
		<<<1234
	echo "$output"
	[ "$status" -eq 124 ]
}

@test "a module that answers after it was given up is not used any more" {
	modules hostile soft
	echo 'priority: 2' >>"$T/modules/hostile.module"
	: >"$T/.hostile-sessions"
	HOME=$T HOSTILE=init-slow tool '!sleep 5,1234' p11 "$P256" \
		ecdsa_secp256r1_sha256
	[ "$status" -eq 0 ]
	has 'PKCS#11 module hostile does not answer'
	has 'signed by ecdsa_secp256r1_sha256'
	[ "$(cat "$T/.hostile-sessions")" = initialize ]
	rm "$T/.hostile-sessions"
}

@test "a label of control characters is shown escaped" {
	hostile token-junk
	tool '' p11 -
	[ "$status" -eq 0 ]
	has '\x1b'
	hasnt $'\x1b'
}

@test "module-path: absolute, and what root alone can change" {
	cp "$T/hostile_p11.so" "$T/other.so"
	modules none
	tool '' p11 "pkcs11:token=Card%20A?module-path=other.so"
	[ "$status" -eq 1 ]
	has 'the path must be absolute'
	tool '' p11 "pkcs11:token=Card%20A?module-path=$T/nothing.so"
	[ "$status" -eq 1 ]
	has 'No such file'
	[ "$(id -u)" -eq 0 ] || skip 'the rest needs files of root'
	tool '' p11 "pkcs11:token=Card%20A?module-path=$T/other.so"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 3 ]
	chmod 775 "$T/other.so"
	tool '' p11 "pkcs11:token=Card%20A?module-path=$T/other.so"
	[ "$status" -eq 1 ]
	has "users other than root can change $T/other.so"
	chmod 755 "$T/other.so"
	chown 65534 "$T/other.so"
	tool '' p11 "pkcs11:token=Card%20A?module-path=$T/other.so"
	[ "$status" -eq 1 ]
	chown 0 "$T/other.so"
	chmod 777 "$T"
	tool '' p11 "pkcs11:token=Card%20A?module-path=$T/other.so"
	chmod 755 "$T"
	[ "$status" -eq 1 ]
	has "users other than root can change $T"
}

@test "an id-RSASSA-PSS certificate over a token's RSA key" {
	# the same key: a token has no other kind of RSA
	pki_leaf pss-token inter --key rsapss
	python3 "$HERE/tests/key/plainrsa.py" "$PKI/pss-token.key" \
		>"$T/plain.key"
	softhsm2-util --import "$T/plain.key" --token 'Card B' --pin 1234 \
		--id 09 --label pss-token >/dev/null
	token_cert 'Card B' 09 pss-token
	tool 1234,1234,1234 p11 'pkcs11:token=Card%20B;object=pss-token' all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_pss_pss_sha' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^signed by' <<<"$output")" -eq 3 ]
}
