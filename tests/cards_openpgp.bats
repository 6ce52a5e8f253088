#!/usr/bin/env bats
# An OpenPGP card, by OpenSC and pcscd, alone and beside GnuPG: tests/cards/opgp.py in
# a virtual reader.
bats_require_minimum_version 1.5.0
load lib/token
load lib/cards

setup_file() {
	token_make
	cards_make "$T"
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	card_opgp alice rsa2048
	# a path that is short enough for the agent's socket
	export GNUPGHOME=$T/gnupg
	mkdir -m 700 "$GNUPGHOME"
}

teardown_file() {
	[ ! -e "${GNUPGHOME:-/nonexistent}" ] || with_cards gpgconf --kill all || :
	cards_remove
	token_remove
}

setup() {
	cards_need pcscd opensc
	cards_modules opensc
	card_insert alice
	card_set alice tries=3 wrong=6982
}

left() {
	[ "$(awk '$1 == "pw1" { print $2 }' "$CARDS/alice/tries")" -eq "$1" ]
}

AUTH='pkcs11:id=%03'
RSA=rsa_pkcs1_sha256

@test "the certificate of the key for authentication is found, without a PIN" {
	card_mark alice
	cards_tool '' p11 -
	[ "$status" -eq 0 ]
	[ "$(grep -c '^identity:' <<<"$output")" -eq 1 ]
	has '^identity: OpenPGP card \(User PIN\): .* can rsa_pkcs1_sha256 '
	# the card pads by itself, in the way of PKCS #1 1.5 alone
	hasnt 'rsa_pss'
	hasnt '^ask:'
	verified 0
}

@test "it signs after its PIN, which the card gets once" {
	card_mark alice
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 0 ]
	has "^signed by $RSA"
	[ "$(grep -c '^ask:' <<<"$output")" -eq 1 ]
	verified 1
	cards_tool 123456,123456,123456 p11 "$AUTH" all
	[ "$(grep -c '^signed by' <<<"$output")" -eq 3 ]
}

@test "a wrong PIN is one try, and no signature" {
	local how
	for how in 6982 63cx; do
		card_set alice tries=3 wrong=$how
		card_mark alice
		cards_tool 999999 p11 "$AUTH" $RSA
		echo "# $how"
		[ "$status" -eq 1 ]
		has '^error: '
		has '^not signed'
		verified 1
		left 2
	done
	# this status is a wrong PIN for everybody
	has '^error: Wrong PIN'
}

@test "a locked PIN is said, and costs no more" {
	local wrong
	for wrong in 999999 999998 999997; do
		cards_tool $wrong p11 "$AUTH" $RSA
		[ "$status" -eq 1 ]
	done
	left 0
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 1 ]
	has '^error: .*locked'
	hasnt '^signed'
	left 0
}

@test "a card that is pulled before and while its PIN is typed, and at each step" {
	local step
	card_pull alice
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 1 ]
	has '^failed: not found'
	hasnt '^ask:'
	card_insert alice
	cards_tool "!$CARDS/do card_pull alice,123456" p11 "$AUTH" $RSA
	[ "$status" -eq 1 ]
	has '^error: .*removed'
	for step in verify sign; do
		card_insert alice
		card_set alice die=$step
		cards_tool 123456 p11 "$AUTH" $RSA
		echo "# $step"
		[ "$status" -eq 1 ]
		hasnt '^signed'
		has '^error: '
	done
	# and it is as good as before
	card_insert alice
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 0 ]
}

# ---- GnuPG holds the card ----

gpg_card() {
	with_cards gpgconf --kill all
	# the reader of USB devices that scdaemon has itself is not used
	printf '%s\n' disable-ccid 'reader-port Virtual PCD 00 00' "$@" \
		>"$GNUPGHOME/scdaemon.conf"
	run with_cards timeout 60 gpg --batch --card-status
	echo "$output"
	[ "$status" -eq 0 ]
	has 'Serial number.*00000001'
}

@test "while scdaemon holds the card, it cannot be used; after gpgconf --kill it can" {
	cards_need scdaemon
	gpg_card
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 1 ]
	hasnt '^signed'
	has '^why: .*the card in reader "Virtual PCD 00 00" is held by another program.*gpgconf --kill scdaemon'
	with_cards gpgconf --kill scdaemon
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 0 ]
	has "^signed by $RSA"
}

@test "with pcsc-shared, scdaemon and certauth use the card in turn" {
	cards_need scdaemon
	gpg_card pcsc-shared
	cards_tool 123456 p11 "$AUTH" $RSA
	[ "$status" -eq 0 ]
	has "^signed by $RSA"
	run with_cards timeout 60 gpg --batch --card-status
	[ "$status" -eq 0 ]
	with_cards gpgconf --kill all
}
