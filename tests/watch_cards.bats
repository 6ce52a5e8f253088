#!/usr/bin/env bats
# certauth watch with smart cards: from the login to the locked session.
load lib/common
load lib/cards
load lib/logind
load lib/watch

setup_file() {
	logind_there || return 0 # every test is skipped, see setup
	place_make
	export DRIVE=$S/bin/pamdrive
	cp "$CERTAUTH_BUILD/tests/lib/pamdrive" "$DRIVE"
	map p256 rsa2048
	ca_dir root.pem inter.pem
	cards_make "$S"
	[ -z "$(cards_has pcscd)$(cards_has opensc)" ] || return 0
	cards_in_place
	watch_place
}

teardown_file() {
	[ -n "${S:-}" ] || return 0
	logind_stop
	cards_remove
	place_remove
}

setup() {
	need_root
	need_logind
	cards_need pcscd opensc
	cards_modules opensc
	watch_leave
}

teardown() {
	local name
	[ -n "${CARDS:-}" ] || return 0
	watch_leave
	for name in card other; do
		[ ! -e "$CARDS/$name/pid" ] || card_stop "$name"
	done
}

# login_by PIN: alice logs in by her card; TOKEN is what the session has
login_by() {
	service test proof=command "helper=$HELPER" pkcs11=yes
	in_place timeout 60 "$DRIVE" -s test -u alice -x \
		-C "read -r p && echo $1 && cat >/dev/null" >"$S/seen" 2>&1 || :
	cat "$S/seen"
	TOKEN=$(sed -n 's/^env CERTAUTH_TOKEN=//p' "$S/seen")
	[ -n "$TOKEN" ]
}

@test "from a login by card to a session that is locked when the card is pulled" {
	card_piv card 9a=p256
	login_by 123456
	watch_start
	said 'the session is locked when the token .* is removed'
	locked 0
	card_pull card
	locked 1
	said 'was removed: the session is being locked'
	card_insert card
	said 'was inserted'
	locked 1
	# again, and again
	card_pull card
	locked 2
	watch_end
}
