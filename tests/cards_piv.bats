#!/usr/bin/env bats
# A PIV card, by OpenSC and pcscd: tests/cards/piv.py in a virtual reader.
bats_require_minimum_version 1.5.0
load lib/token
load lib/cards

setup_file() {
	token_make
	cards_make "$T"
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	card_piv alice 9a=p256 9c=rsa2048 9e=p256 serial=5
}

teardown_file() {
	cards_remove
	token_remove
}

setup() {
	cards_need pcscd opensc
	cards_modules opensc
	card_insert alice
	card_set alice tries=3
}

# what a test that failed left in the other slots
teardown() {
	local card
	for card in bob old key; do
		[ ! -e "$CARDS/$card/pid" ] || card_stop $card
	done
}

# the tries that the card has left
left() {
	[ "$(awk '$1 == "pin" { print $2 }' "$CARDS/alice/tries")" -eq "$1" ]
}

AUTH='pkcs11:id=%01'
SIGN='pkcs11:id=%02'
CARD='pkcs11:id=%04'
EC=ecdsa_secp256r1_sha256

@test "every certificate of the card is found, without a PIN" {
	card_mark alice
	cards_tool '' p11 -
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 3 ]
	has '^identity: .*PIV Authentication.* can ecdsa_secp256r1_sha256$'
	has '^identity: .*Digital Signature.* can rsa_pss_rsae_sha256 .*rsa_pkcs1_sha256'
	has '^identity: .*Card Authentication'
	hasnt '^ask:'
	verified 0
}

@test "the key for authentication signs after its PIN, which the card gets once" {
	card_mark alice
	cards_tool 123456 p11 "$AUTH" $EC
	[ "$status" -eq 0 ]
	has "^signed by $EC"
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	verified 1
	[ "$(card_log alice | grep -c '^sign ')" -eq 1 ]
}

@test "RSA by each scheme; the key for signatures wants the PIN each time" {
	card_mark alice
	cards_tool 123456,123456,123456,123456,123456,123456 p11 "$SIGN" all
	[ "$status" -eq 0 ]
	[ "$(grep -c '^signed by rsa_p' <<<"$output")" -eq 6 ]
	# the PIN that was just given serves for both logins
	[ "$(grep -c '^ask:' <<<"$output")" -eq 6 ]
	verified 12
}

@test "the key for card authentication needs no PIN" {
	cards_tool '' p11 "$CARD" $EC
	[ "$status" -eq 0 ]
	hasnt '^ask:'
}

@test "a wrong PIN is one try, and is asked for again" {
	card_mark alice
	cards_tool 999999,123456 p11 "$AUTH" $EC
	[ "$status" -eq 0 ]
	has '^error: Wrong PIN'
	[ "$(grep -c '^ask:' <<<"$output")" -eq 2 ]
	verified 2
	left 3
	cards_tool 999999 p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^not signed .*wrong PIN'
	left 2
}

@test "the last try is confirmed, and the PIN is locked after it" {
	cards_tool 999999,999998,n p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^askecho: .*last try'
	left 1
	cards_tool y,999997 p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^error: .*locked'
	left 0
	# then the right PIN is not asked for
	card_mark alice
	cards_tool 123456 p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^error: .*locked'
	hasnt '^ask:'
	verified 0
}

@test "a card that is pulled before its PIN is asked for" {
	card_pull alice
	cards_tool 123456 p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^failed: not found'
	hasnt '^ask:'
}

@test "why no card is found: pcscd, the reader, a module" {
	card_pull alice
	cards_tool '' p11 -
	[ "$status" -eq 1 ]
	has '^why: .*reader "Virtual PCD 00 00" has no card'
	run with_cards env PCSCLITE_CSOCK_NAME="$T/nothing" "$KEYTOOL" p11 -
	[ "$status" -eq 1 ]
	has 'the smart card service pcscd does not run; run: systemctl start pcscd.socket'
	card_insert alice
	# a module for other tokens
	echo "module: $SOFTHSM" >"$CARDS/modules/soft.module"
	rm -f "$CARDS/modules/opensc.module"
	cards_tool '' p11 -
	rm -f "$CARDS/modules/soft.module"
	[ "$status" -eq 1 ]
	has 'the card in reader "Virtual PCD 00 00" is known to no module here'
}

@test "a card that is pulled, or pulled and inserted, while the PIN is typed" {
	cards_tool "!$CARDS/do card_pull alice,123456" p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^error: .*removed'
	has '^not signed'
	card_insert alice
	card_mark alice
	cards_tool "!$CARDS/do card_pull alice && $CARDS/do card_insert alice,123456" \
		p11 "$AUTH" $EC
	# whether it signs or not: it is the same card, and no PIN is lost
	left 3 || [ ! -e "$CARDS/alice/tries" ]
	[ "$status" -eq 0 ] || has "^error: .*(removed|was lost)"
}

@test "a card that is pulled while it checks the PIN, or signs" {
	local step
	for step in verify sign; do
		card_insert alice
		card_set alice die=$step
		cards_tool 123456 p11 "$AUTH" $EC
		echo "# $step"
		[ "$status" -eq 1 ]
		hasnt '^signed'
		has '^(error|failed|certauth): '
	done
}

@test "a card that is pulled after the PIN: the user can end the wait for OpenSC" {
	# OpenSC 0.23 locks itself out there and never returns
	card_set alice cut=verify
	run with_cards timeout -s INT -k 30 5 "$KEYTOOL" p11 "$AUTH" $EC <<<123456
	echo "$output"
	[ "$status" -eq 124 ] || [ "$status" -eq 1 ]
	hasnt '^signed'
}

@test "a slow card is waited for" {
	card_set alice slow=0.05
	cards_tool 123456 p11 "$AUTH" $EC
	card_set alice slow=0
	[ "$status" -eq 0 ]
	has "^signed by $EC"
}

@test "of two cards the one that the URI names" {
	card_piv bob 9a=rsa2048 serial=6
	cards_tool '' p11 -
	[ "$(grep -c '^identity:' <<<"$output")" -eq 4 ]
	card_mark alice
	cards_tool 123456 p11 "$AUTH;serial=0000000000000006" rsa_pkcs1_sha256
	[ "$status" -eq 0 ]
	has '^signed by rsa_pkcs1_sha256'
	verified 0
	# the other one can leave
	card_pull alice
	cards_tool 123456 p11 "$AUTH" rsa_pkcs1_sha256
	[ "$status" -eq 0 ]
	card_stop bob
}

@test "a card with which OpenSC uses no EC keys: they can nothing, and RSA can" {
	card_piv old 9a=p256 9c=rsa2048 serial=7 atr=3b80800101
	cards_tool 123456 p11 "$AUTH;serial=0000000000000007" $EC
	card_stop old
	[ "$status" -eq 1 ]
	has 'not signed .*not supported'
	hasnt '^ask:'
}

@test "a YubiKey by ykcs11, and by OpenSC" {
	cards_need ykcs11
	card_piv key 9a=p256 9c=rsa2048 yubi=1 serial=9
	cards_modules ykcs11
	cards_tool 123456 p11 'pkcs11:id=%01' $EC
	[ "$status" -eq 0 ]
	has '^identity: YubiKey PIV #1009'
	has "^signed by $EC"
	cards_tool 999999 p11 'pkcs11:id=%01' $EC
	[ "$status" -eq 1 ]
	has '^error: Wrong PIN'
	cards_modules opensc
	cards_tool 123456 p11 "$AUTH;serial=0000000000000009" $EC
	[ "$status" -eq 0 ]
	has "^signed by $EC"
	# both modules show the card: its certificate is offered once
	cards_modules ykcs11 opensc
	card_pull alice
	cards_tool 123456 p11 'pkcs11:id=%01' $EC
	card_stop key
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^signed' <<<"$output")" -eq 1 ]
}

@test "a card behind p11-kit server" {
	cards_need remote
	cards_server 'pkcs11:manufacturer=piv_II'
	cards_modules remote
	cards_tool 123456 p11 "$AUTH" $EC
	[ "$status" -eq 0 ]
	has "^signed by $EC"
	cards_tool 999999 p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^error: Wrong PIN'
}

# sign_by COMMAND ...: how many commands a card gets for it that was just inserted:
# one that still has a PIN, or is selected, gets others
sign_by() {
	card_pull alice && card_insert alice || return
	card_mark alice
	"$@" >"$T/out" 2>&1 || {
		cat "$T/out" >&2
		return 1
	}
	card_count alice
}

# with OpenSC 0.26 the tries are asked for once more, just before the PIN: 2 commands
@test "a signature costs the card no more commands than pkcs11-tool's, and one question for the tries" {
	local id mechanism scheme theirs ours
	printf '%032d' 0 >"$T/hash"
	while read -r id mechanism scheme; do
		theirs=$(sign_by with_cards pkcs11-tool --login --pin 123456 --sign \
			--module "$(cards_library opensc-pkcs11.so)" --id "$id" \
			--mechanism "$mechanism" --input-file "$T/hash" \
			--output-file "$T/sig")
		ours=$(sign_by with_cards "$KEYTOOL" p11 "pkcs11:id=%$id" "$scheme" <<<123456)
		echo "$scheme: keytool $ours, pkcs11-tool $theirs"
		grep "^signed by $scheme" "$T/out"
		[ "$ours" -gt 10 ]
		[ "$ours" -le $((theirs + 2)) ]
	done <<-END
		01 ECDSA ecdsa_secp256r1_sha256
		02 SHA256-RSA-PKCS rsa_pkcs1_sha256
	END
}

# the last test: no card can be reached after it
@test "pcscd ends while the PIN is typed" {
	cards_tool "!kill $PCSCD_PID; sleep 1,123456" p11 "$AUTH" $EC
	[ "$status" -eq 1 ]
	has '^error: (Contact with "p256" was lost during the login.*; try again\.|"p256" was removed)'
	hasnt '^signed'
}
