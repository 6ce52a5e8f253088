#!/usr/bin/env bats
# certauth watch with smart cards: from the login to the locked session.
bats_require_minimum_version 1.5.0
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

@test "while nothing happens the card gets no command, and the watch no processor" {
	local before after
	card_piv card 9a=p256
	login_by 123456
	watch_start
	said 'the session is locked when the token .* is removed'
	# the first look changed the state of the reader, which is looked at once more
	sleep 2
	card_mark card
	before=$(ticks)
	# a look in between
	sleep 8
	after=$(ticks)
	card_log card
	[ "$(card_count card)" -eq 0 ]
	[ $((after - before)) -le 2 ]
	# another program may use the card meanwhile
	run with_cards timeout 60 pkcs11-tool --module "$(cards_library opensc-pkcs11.so)" \
		--login --pin 123456 --list-objects
	echo "$output"
	[ "$status" -eq 0 ]
	locked 0
	watch_end
}

# ticks: of the processor, that the watch and its child have used
ticks() {
	awk '{ sum += $14 + $15 } END { print sum }' "/proc/$WATCH/stat" "/proc/$(looker)/stat"
}

@test "the parent maps no PKCS#11 module, and nobody has a session with the card" {
	card_piv card 9a=p256
	login_by 123456
	cards_modules spy
	: >"$CARDS/spy"
	chmod 666 "$CARDS/spy"
	watch_start PKCS11SPY="$(cards_library opensc-pkcs11.so)" PKCS11SPY_OUTPUT="$CARDS/spy"
	said 'the session is locked when the token .* is removed'
	grep -q pkcs11 "/proc/$(looker)/maps"
	run grep -E 'opensc|pkcs11-spy|libpcsc' "/proc/$WATCH/maps"
	[ "$status" -eq 1 ]
	grep -q C_WaitForSlotEvent "$CARDS/spy"
	grep -q C_GetTokenInfo "$CARDS/spy"
	run grep -E 'C_OpenSession|C_Login' "$CARDS/spy"
	[ "$status" -eq 1 ]
	card_pull card
	locked 1
	watch_end
}

@test "another card in another slot is not the token; nor is one in the same" {
	card_piv card 9a=p256 serial=1
	login_by 123456
	watch_start
	said 'the session is locked when the token .* is removed'
	card_piv other 9a=rsa2048
	card_pull other
	card_insert other
	locked 0
	card_pull card
	locked 1
	not_said 'was inserted'
	card_insert card
	said 'was inserted'
	watch_end
}

@test "a token that was pulled while the session started: locked" {
	card_piv card 9a=p256
	login_by 123456
	card_pull card
	watch_start
	locked 1
	said 'is not here: the session is being locked'
	not_said 'is locked when'
	card_insert card
	said 'was inserted'
	watch_end
}

@test "a module of p11-kit's server, which may answer one call at a time" {
	local pid
	cards_need remote
	card_piv card 9a=p256
	cards_modules opensc
	cards_server 'pkcs11:'
	cards_modules remote
	chmod 666 "$CARDS/p11.sock"
	TOKEN=$(with_cards "$CERTAUTH" tokens | grep -o 'pkcs11:token=[^ ;]*' | head -n 1)
	TOKEN=${TOKEN:-pkcs11:manufacturer=piv_II}
	watch_start P11_KIT_SERVER_ADDRESS="unix:path=$CARDS/p11.sock"
	said 'the session is locked when the token .* is removed'
	card_pull card
	locked 1
	card_insert card
	said 'was inserted'
	card_pull card
	locked 2
	watch_end
	# a process of the server's stays in its wait
	for pid in $(pgrep -P "$(cat "$CARDS/server.pid")"); do
		cards_end "$pid"
	done
}

@test "a YubiKey by ykcs11, which does not wait for events" {
	cards_need ykcs11
	cards_modules ykcs11
	card_piv card 9a=p256 yubi=1
	login_by 123456
	watch_start
	said 'the session is locked when the token .* is removed'
	card_pull card
	locked 1
	card_insert card
	said 'was inserted'
	watch_end
}

@test "pcscd is restarted: the card is seen again, and its removal locks" {
	local holder old=$PCSCD_PID options=
	card_piv card 9a=p256
	login_by 123456
	watch_start
	said 'the session is locked when the token .* is removed'
	# the namespaces stay
	EXEC='exec' with_net sleep 1000 >/dev/null 2>&1 3>&- 4>&- </dev/null &
	holder=$!
	until_true grep -q sleep "/proc/$holder/comm"
	cards_end "$PCSCD_PID"
	locked 1
	! pcscd --help | grep -q disable-polkit || options=--disable-polkit
	export PCSCD_PID=$holder PLACE_NET=/proc/$holder/ns/net
	rm -f "$CARDS/run/pcscd.comm" "$CARDS/run/pcscd.pid"
	# shellcheck disable=SC2086
	EXEC='exec' with_net pcscd --foreground --config "$CARDS/readers" $options \
		>"$CARDS/pcscd.out" 2>&1 </dev/null 3>&- 4>&- &
	echo $! >"$CARDS/again.pid"
	cards_wait test -S "$CARDS/run/pcscd.comm"
	cards_wait card_line 'Virtual PCD 0. 00' Yes || {
		kill "$(cat "$CARDS/card/pid")"
		card_start piv.py "$(cat "$CARDS/card/port")" card
	}
	said 'was inserted'
	card_pull card
	locked 2
	watch_end
	card_stop card
	cards_kill "$CARDS/again.pid"
	kill "$holder"
	[ "$old" != "$PCSCD_PID" ]
}
